/* The card's fields, inside the frame. What is typed here goes to this origin and nowhere else. */
"use strict";

const form = document.querySelector("form");
const { number, expiry, code, example } = form.elements;
const texts = form.dataset;
const STYLES = {
  FontSize: ["--font-size", (value) => (/^\d+$/.test(value) ? `${value}px` : value)],
  FontFamily: ["--font-family"],
  FontWeight: ["--font-weight"],
  Color: ["--color"],
  ContainerBorder: ["--border"],
  ContainerBg: ["--background"],
  ContainerSh: ["--shadow"],
};

window.addEventListener("message", function greeted(event) {
  if (event.source !== window.parent || event.data?.type !== "asiabill:connect") return;
  window.removeEventListener("message", greeted);
  begin(event.ports[0], event.data);
});

function begin(port, { autoValidate, input }) {
  for (const [name, value] of Object.entries(input)) {
    const [property, shown = String] = STYLES[name] ?? [];
    if (property && value !== "") document.documentElement.style.setProperty(property, shown(value));
  }
  const tellHeight = () =>
    port.postMessage({ type: "height", pixels: Math.ceil(form.getBoundingClientRect().height) });
  // A browser observes nothing in a frame that is out of sight, and the page would jump later.
  tellHeight();
  new ResizeObserver(tellHeight).observe(form);
  if (autoValidate) {
    for (const field of [number, expiry, code]) {
      field.addEventListener("blur", () => {
        if (field.value !== "" && !check(field)) tellInvalid(port, field);
      });
    }
  }
  port.onmessage = async ({ data: message }) => {
    if (message.type !== "confirm") return;
    port.postMessage({ type: "confirmed", id: message.id, answer: await confirm(port, message) });
  };
  port.postMessage({ type: "ready" });
}

async function confirm(port, { sessionToken, billingDetail, customerId }) {
  const wrong = [number, expiry, code].filter((field) => !check(field));
  if (wrong.length > 0) {
    wrong[0].focus();
    tellInvalid(port, wrong[0]);
    return { code: "P0001", message: texts[wrong[0].name], data: null };
  }
  const [month, year] = expiry.value.split("/").map((part) => part.trim());
  const card = {
    cardNo: digits(number.value),
    cardExpireMonth: month,
    cardExpireYear: `20${year}`,
    cardSecurityCode: code.value,
    issuingBank: "",
  };
  try {
    const answer = await fetch("/_browser/payment_methods", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ sessionToken, billingDetail, customerId, card }),
    });
    return await answer.json();
  } catch {
    return null;
  }
}

function tellInvalid(port, field) {
  port.postMessage({ type: "invalid", errorMessage: texts[field.name] });
}

function check(field) {
  const good = CHECKS[field.name](field.value);
  field.setAttribute("aria-invalid", String(!good));
  document.getElementById(`${field.name}-error`).textContent = good ? "" : texts[field.name];
  return good;
}

const CHECKS = {
  number: (value) => /^\d{12,19}$/.test(digits(value)) && luhn(digits(value)),
  expiry: (value) => {
    const [, month, year] = /^(\d\d)\s*\/\s*(\d\d)$/.exec(value) ?? [];
    if (!month || Number(month) < 1 || Number(month) > 12) return false;
    const now = new Date();
    return 2000 + Number(year) > now.getFullYear()
      || (2000 + Number(year) === now.getFullYear() && Number(month) > now.getMonth());
  },
  code: (value) => /^\d{3,4}$/.test(value),
};

function digits(text) {
  return text.replace(/[\s-]/g, "");
}

function luhn(text) {
  const sum = [...text].reverse().reduce((total, digit, place) => {
    const value = Number(digit) * (place % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/* Groups what is typed; not while somebody edits in the middle, where the caret would jump. */
function group(field, shown) {
  const typed = () => {
    if (field.selectionStart === field.value.length) field.value = shown(field.value);
    if (field.getAttribute("aria-invalid") === "true") check(field);
  };
  field.addEventListener("input", typed);
  /* What came before this script. */
  typed();
}

group(number, (value) => digits(value).replace(/(\d{4})(?=\d)/g, "$1 "));
group(expiry, (value) => {
  const typed = value.replace(/[^\d/]/g, "");
  return /^\d{3,4}$/.test(typed) ? `${typed.slice(0, 2)} / ${typed.slice(2)}` : value;
});
group(code, String);

function fillExample() {
  if (!example.value) return;
  number.value = example.value.replace(/(\d{4})(?=\d)/g, "$1 ");
  expiry.value = "12 / 39";
  code.value = "123";
  for (const field of [number, expiry, code]) check(field);
}

example.addEventListener("change", fillExample);
/* Whoever was quicker than this script, and what a browser restored. */
fillExample();

form.addEventListener("submit", (event) => event.preventDefault());
