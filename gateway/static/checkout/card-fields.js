/* Asiabill's hosted card fields: the number goes from their frame to Asiabill, and never through this page. */

let asiabill = null;
let sessionToken = null;
let script = null;

/* Shows empty fields in #card-fields, for one attempt. Raises where the script does not load. */
export async function showCardFields(session) {
  sessionToken = session.sessionToken;
  script ??= load(session.scriptUrl);
  await script;
  asiabill = window.AsiabillPay(sessionToken);
  await asiabill.elementInit("payment_steps", {
    formId: "card-form",
    formWrapperId: "card-fields",
    frameId: "card-frame",
    customerId: "",
    autoValidate: true,
    layout: {
      pageMode: "block",
      style: {
        frameMaxHeight: "320",
        input: {
          FontSize: 16,
          FontFamily: "system-ui, sans-serif",
          FontWeight: "400",
          Color: "#1c1917",
          ContainerBorder: "1px solid #79716b",
          ContainerBg: "#ffffff",
          ContainerSh: "none",
        },
      },
    },
  });
}

/* The new card's pm_ id; null where the buyer must correct what the fields show. */
export async function takeCard(billingDetail) {
  const { data: answer } = await asiabill.confirmPaymentMethod({
    apikey: sessionToken,
    trnxDetail: {
      billingDetail,
      card: {
        cardNo: "",
        cardExpireMonth: "",
        cardExpireYear: "",
        cardSecurityCode: "",
        issuingBank: "",
      },
      customerId: "",
    },
  });
  return answer.code === "0" ? answer.data.customerPaymentMethodId : null;
}

function load(url) {
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = url;
    element.onload = resolve;
    element.onerror = () => {
      script = null;
      element.remove();
      reject(new Error("Asiabill's script did not load."));
    };
    document.head.append(element);
  });
}
