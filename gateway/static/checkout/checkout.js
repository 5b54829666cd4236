/* The checkout page: pick a card or add one, pay, go to the bank where it asks, and learn the end.
   The page holds a session token in memory alone; after a reload the shop's server gives it a new
   one for the same order, and the order says how it stands. */

import { showCardFields, takeCard } from "./card-fields.js";
import { ADD_CARD, CARD_SESSION, PAY, START, WAIT } from "./documents.js";
import { Gateway, NoAnswer, Refused } from "./gateway.js";
import { COUNTRIES, ERROR_TEXTS, LOCALES, TEXTS } from "./texts.js";

const SLOW_MS = 20_000;
const LOOK_MS = 2000;

const $ = (id) => document.getElementById(id);
const page = {
  language: preferredLanguage(),
  lines: [],
  live: true,
  customer: null,
  intent: null,
  charge: null,
  following: null,
  busy: false,
  alert: null,
  view: null,
  renderView: () => {},
};
const gateway = new Gateway(newSession);

/* --- The shop's server ------------------------------------------------------------------------- */

class NoShop extends Error {}

async function newSession({ newOrder = false } = {}) {
  let response;
  try {
    response = await fetch(newOrder ? "session?new=1" : "session", { method: "POST" });
  } catch {
    throw new NoAnswer();
  }
  if (response.status === 404) throw new NoShop();
  if (!response.ok) throw new NoAnswer();
  return response.json();
}

/* --- From the beginning ------------------------------------------------------------------------ */

/* Also after a reload and on the way back from the bank: how the order stands decides what is shown. */
async function begin(options) {
  const cameBack = forgetReturn();
  tell("starting");
  try {
    const session = await gateway.start(options);
    page.lines = session.lines ?? [];
    await look();
  } catch (error) {
    show("problem", error instanceof NoShop ? "noShop" : "problem");
    return;
  }
  tell(null);
  $("summary").hidden = false;
  render();
  const { intent } = page;
  const last = intent.paidBy ?? intent.charges.at(-1) ?? null;
  if (intent.status === "PAID" || (last && !last.final)) await follow(last);
  else if (last && last.id === cameBack) await ended(last);
  else await offer();
}

async function look() {
  const { viewer } = await gateway.ask(START);
  page.live = viewer.live;
  page.customer = viewer.customer;
  page.intent = viewer.paymentIntent;
}

/* The address after the bank's page names the charge, and proves nothing: only the order does. */
function forgetReturn() {
  const address = new URL(location.href);
  const chargeId = address.searchParams.get("charge_id");
  address.searchParams.delete("charge_id");
  history.replaceState(null, "", address);
  return chargeId;
}

async function offer() {
  const { status, attemptsLeft } = page.intent;
  if (status === "EXPIRED" || status === "CANCELED") show("outcome", "expired");
  else if (attemptsLeft === 0) show("outcome", "attempts");
  else await offerCards();
}

/* --- Choosing a card --------------------------------------------------------------------------- */

async function offerCards() {
  const cards = page.customer.savedCards;
  if (cards === null) warn("cardsFailed");
  renderCards();
  const usable = (cards ?? []).filter((card) => !card.expired);
  const chosen = usable.find((card) => card.isDefault) ?? usable[0];
  $(chosen?.id ?? "new-card").checked = true;
  fillBilling();
  show("pay");
  await cardChosen();
}

function renderCards() {
  const t = text();
  const before = document.querySelector('input[name="card"]:checked')?.value;
  $("cards").replaceChildren(...(page.customer?.savedCards ?? []).map((card) => {
    const brand = t.brands[card.brand] ?? t.brands.OTHER;
    const input = element("input", { type: "radio", name: "card", value: card.id, id: card.id });
    input.disabled = card.expired === true;
    input.checked = card.id === before;
    const badges = [card.isDefault && "isDefault", card.expired && "expired"].filter(Boolean);
    return element("label", { className: `card${card.expired ? " expired" : ""}`, htmlFor: card.id },
      input,
      element("span", { className: `brand ${card.brand ?? "OTHER"}`, ariaHidden: "true" },
        brand),
      element("span", { className: "name" },
        element("span", { className: "said" }, t.endsIn(brand, card.last4 ?? "····")),
        element("span", { ariaHidden: "true" }, `•••• ${card.last4 ?? "····"}`)),
      ...badges.map((badge) => element("span", { className: `tag ${badge}` }, t[badge])));
  }));
}

function fillBilling() {
  const known = (page.customer.savedCards ?? []).find((card) => card.billing)?.billing;
  const form = $("pay").elements;
  const values = { ...page.customer, ...known, ...known?.address };
  for (const name of ["firstName", "lastName", "email", "line1", "postalCode", "city", "country"]) {
    if (!form[name].value || name === "country") form[name].value = values[name] ?? form[name].value;
  }
}

const chosenCard = () => document.querySelector('input[name="card"]:checked')?.value ?? "new";

async function cardChosen() {
  const isNew = chosenCard() === "new";
  $("new-card-panel").hidden = !isNew;
  if (isNew) await openFields();
}

let fieldsOpen = null;

/* A session of the card fields is good for one attempt, so each opening fetches one. */
function openFields() {
  fieldsOpen ??= (async () => {
    try {
      const { createCardSession } = await gateway.ask(CARD_SESSION);
      if (!createCardSession.session) throw new Error(createCardSession.userErrors[0]?.message);
      await showCardFields(createCardSession.session);
    } catch {
      fieldsOpen = null;
      warn("fieldsFailed");
    }
  })();
  return fieldsOpen;
}

/* --- Paying ------------------------------------------------------------------------------------ */

async function pay() {
  if (page.busy) return;
  setBusy(true);
  warn(null);
  try {
    const cardId = chosenCard() === "new" ? await addCard() : chosenCard();
    if (cardId) await charge(cardId);
  } finally {
    tell(null);
    setBusy(false);
  }
}

async function addCard() {
  const billing = readBilling();
  if (!billing) return null;
  tell("adding");
  await openFields();
  try {
    const id = await takeCard(billing);
    if (!id) {
      warn("fieldsWrong", { quiet: true });
      return null;
    }
    const { createPaymentMethod } = await gateway.ask(ADD_CARD, { id, key: id });
    if (createPaymentMethod.paymentMethod) return createPaymentMethod.paymentMethod.id;
    const limited = createPaymentMethod.userErrors[0]?.code === "RATE_LIMITED";
    warn(limited ? "tooMany" : "cardRefused");
  } catch (error) {
    warn(error instanceof NoAnswer ? "problemText" : "cardRefused");
  }
  // The fields' session is used up: whoever tries again gets a new one.
  fieldsOpen = null;
  await openFields();
  return null;
}

function readBilling() {
  const form = $("pay").elements;
  for (const field of $("pay").querySelectorAll(".billing [required]")) {
    const good = field.value.trim() !== "" && field.validity.valid;
    field.setAttribute("aria-invalid", String(!good));
    if (!good) {
      page.alert = () => text().fillIn(text()[field.name]);
      renderAlert();
      field.focus();
      return null;
    }
  }
  return {
    address: {
      city: form.city.value,
      country: form.country.value,
      line1: form.line1.value,
      line2: "",
      postalCode: form.postalCode.value,
      state: "",
    },
    email: form.email.value,
    firstName: form.firstName.value,
    lastName: form.lastName.value,
    phone: "",
  };
}

/* The page names a card and never an amount: that is the intent's, inside the token. */
async function charge(paymentMethodId) {
  tell("paying");
  let payload;
  try {
    ({ charge: payload } = await gateway.ask(PAY, {
      customerId: page.customer.id,
      paymentMethodId,
    }));
  } catch (error) {
    if (error instanceof NoAnswer) await lookAfterLoss();
    else if (error instanceof Refused) warnWords(error.message);
    else throw error;
    return;
  }
  const [problem] = payload.userErrors;
  if (["INTENT_EXPIRED", "INTENT_CANCELED"].includes(problem?.code)) show("outcome", "expired");
  else if (problem?.code === "TOO_MANY_ATTEMPTS") show("outcome", "attempts");
  // Another tab was first: go on with its charge as if this one had made it.
  else if (payload.charge && (!problem || payload.charge.final || isUnderWay(problem))) {
    await follow(payload.charge, { toBank: true });
  } else if (problem) {
    const known = ERROR_TEXTS[problem.code];
    if (known) warn(known);
    else warnWords(problem.message);
  }
}

const isUnderWay = (problem) => ["CHARGE_IN_PROGRESS", "INTENT_PAID"].includes(problem.code);

/* The answer to "pay" got lost on the way to this page. The order knows whether it was done. */
async function lookAfterLoss() {
  show("waiting", "offline");
  for (;;) {
    try {
      await look();
      break;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
  const last = page.intent.paidBy ?? page.intent.charges.at(-1);
  if (last && (!last.final || page.intent.status === "PAID")) await follow(last, { toBank: true });
  else if (last) await ended(last);
  else {
    await offer();
    warn("failed");
  }
}

/* --- Learning the end -------------------------------------------------------------------------- */

async function follow(start, { toBank = false } = {}) {
  page.charge = start;
  page.following = start.id;
  if (toBank && start.status === "REQUIRES_ACTION" && start.nextAction) {
    tell("toBankNow");
    location.assign(webAddress(start.nextAction.url));
    return;
  }
  if (!start.final) {
    showCharge();
    const slow = setTimeout(() => { $("waiting-text").append(` ${text().slow}`); }, SLOW_MS);
    try {
      await gateway.follow(start.id, (news) => {
        if (page.following !== start.id || news.status === page.charge.status) return;
        page.charge = { ...page.charge, ...news };
        if (!news.final) showCharge();
      });
    } catch {
      show("problem", "problem");
      return;
    } finally {
      clearTimeout(slow);
    }
  }
  // Read once more, in the buyer's language and with what a subscription does not carry.
  const { charge: end } = await gateway.ask(WAIT, { by: { id: start.id } });
  await ended(end);
}

function showCharge() {
  const { status } = page.charge;
  show("waiting", status === "REQUIRES_ACTION" ? "bank" : status === "UNKNOWN" ? "checking" : "one");
}

async function ended(charge) {
  page.charge = charge;
  if (charge.status === "SUCCEEDED" || charge.status === "AUTHORIZED") {
    show("outcome", charge.status === "SUCCEEDED" ? "succeeded" : "held");
    return;
  }
  try {
    await look();
  } catch {
    show("problem", "problem");
    return;
  }
  fieldsOpen = null;
  await offer();
  if (charge.status === "DECLINED") warnWords(charge.decline?.customerMessage ?? text().declined);
  else warn("failed");
  $("alert").focus();
}

/* Only a page of the web: whatever the address says, it must not run as a script here. */
function webAddress(url) {
  const address = new URL(url);
  if (!["https:", "http:"].includes(address.protocol)) throw new Error("not a page of the web");
  return address.href;
}

/* --- What is shown ----------------------------------------------------------------------------- */

const OUTCOMES = {
  succeeded: { title: "thanks", words: "succeeded", kind: "good", receipt: true, again: "newOrder" },
  held: { title: "thanks", words: "held", kind: "good", receipt: true, again: "newOrder" },
  expired: { title: "expiredTitle", words: "expiredText", kind: "plain", again: "newOrder" },
  attempts: { title: "attemptsTitle", words: "attemptsText", kind: "plain", again: "newOrder" },
  problem: { title: "problemTitle", words: "problemText", kind: "plain", again: "retry" },
  noShop: { title: "noShopTitle", words: "noShopText", kind: "plain", again: "retry" },
};
const WAITS = {
  one: ["one", "processing"],
  checking: ["checking", "unknown"],
  offline: ["checking", "offline"],
  bank: ["bankTitle", "bankText"],
};

function show(view, name) {
  const section = view === "problem" ? "outcome" : view;
  for (const id of ["pay", "waiting", "outcome"]) $(id).hidden = id !== section;
  if (section !== "pay") warn(null);
  tell(null);
  page.renderView = () => {
    if (section === "waiting") renderWaiting(name);
    if (section === "outcome") renderOutcome(OUTCOMES[name]);
  };
  page.renderView();
  if (section !== "pay" && page.view !== `${section} ${name}`) $(`${section}-title`).focus();
  page.view = `${section} ${name}`;
}

function renderWaiting(name) {
  const [title, words] = WAITS[name];
  $("waiting-title").textContent = text()[title];
  $("waiting-text").textContent = text()[words];
  $("bank").hidden = name !== "bank";
  document.querySelector(".spinner").hidden = name === "bank";
  if (name === "bank") $("bank").href = webAddress(page.charge.nextAction.url);
}

function renderOutcome({ title, words, kind, receipt, again }) {
  $("outcome").className = `outcome ${kind}`;
  $("outcome-title").textContent = text()[title];
  $("outcome-text").textContent = text()[words];
  $("receipt").hidden = !receipt;
  $("again").textContent = text()[again];
  $("again").dataset.newOrder = String(again === "newOrder");
  if (receipt) {
    $("receipt-amount").textContent = money(page.charge.amount);
    $("receipt-order").textContent = page.charge.orderNo;
    $("receipt-card").textContent = page.charge.maskedCard ?? "–";
  }
}

function render() {
  const t = text();
  document.documentElement.lang = LOCALES[page.language];
  document.title = `${t.title} · ${t.shop}`;
  gateway.language = LOCALES[page.language];
  for (const node of document.querySelectorAll("[data-text]")) {
    node.textContent = t[node.dataset.text];
  }
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === page.language));
  }
  $("badge").hidden = page.live;
  renderCountries();
  renderCards();
  renderAlert();
  renderProgress();
  page.renderView();
  if (page.intent) renderOrder();
}

function renderOrder() {
  const { amount } = page.intent;
  $("pay-button").textContent = text().pay(money(amount));
  $("total").textContent = money(amount);
  $("lines").replaceChildren(...page.lines.map((line) =>
    element("li", {},
      element("span", {}, `${text().quantity(line.quantity)} ${text().item[line.sku]}`),
      element("span", {}, money({ amount: line.amount, currency: amount.currency })))));
}

function renderCountries() {
  const names = new Intl.DisplayNames(LOCALES[page.language], { type: "region" });
  const { country } = $("pay").elements;
  const before = country.value;
  const options = COUNTRIES.map((code) => [code, names.of(code)]);
  options.sort(([, one], [, other]) => one.localeCompare(other, LOCALES[page.language]));
  country.replaceChildren(...options.map(([value, name]) => element("option", { value }, name)));
  if (before) country.value = before;
}

/* Amounts are text and stay exact: nothing here turns one into a number. */
function money({ amount, currency }) {
  const format = new Intl.NumberFormat(LOCALES[page.language], { style: "currency", currency });
  return format.format(amount);
}

/* What a screen reader says while something is under way. */
function tell(key) {
  page.progress = key;
  renderProgress();
}

function renderProgress() {
  $("progress").textContent = page.progress ? text()[page.progress] : "";
}

/* What went wrong. `quiet`: the card's frame says it already. */
function warn(key, { quiet = false } = {}) {
  page.alert = key && !quiet ? () => text()[key] : null;
  renderAlert();
}

/* Words that come in the buyer's language already. */
function warnWords(words) {
  page.alert = () => words;
  renderAlert();
}

function renderAlert() {
  const words = page.alert?.() ?? "";
  if ($("alert").textContent !== words) $("alert").textContent = words;
}

function setBusy(busy) {
  page.busy = busy;
  $("pay-button").setAttribute("aria-disabled", String(busy));
  $("pay").setAttribute("aria-busy", String(busy));
}

const text = () => TEXTS[page.language];

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function preferredLanguage() {
  const wanted = navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag)) ?? "en";
  return wanted.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/* --- Where the buyer acts ---------------------------------------------------------------------- */

$("pay").addEventListener("submit", (event) => {
  event.preventDefault();
  pay();
});
$("pay").addEventListener("change", (event) => {
  if (event.target.name === "card") cardChosen();
});
$("again").addEventListener("click", () => {
  begin({ newOrder: $("again").dataset.newOrder === "true" });
});
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", async () => {
    page.language = button.dataset.language;
    render();
    if (fieldsOpen) {
      fieldsOpen = null;
      await cardChosen();
    }
  });
}
// A page that the browser brings back from its memory may show an order that went on meanwhile.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) begin();
});

render();
begin();
