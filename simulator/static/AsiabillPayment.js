/*
 * The simulator's look-alike of Asiabill's browser SDK. No code is Asiabill's: names and shapes are
 * those that merchants' public code uses (the official PHP SDK's demo/checkout.php and the
 * WooCommerce plugin's asiabill_checkout.js). No real money moves, and no real card belongs here.
 *
 *   const asiabill = AsiabillPay(sessionToken);
 *   await asiabill.elementInit("payment_steps", { formWrapperId, frameId, layout, autoValidate });
 *   const answer = await asiabill.confirmPaymentMethod({ apikey: sessionToken, trnxDetail });
 *   if (answer.data.code === "0") use(answer.data.data.customerPaymentMethodId);
 *   else show(answer.data.message);
 *
 * The card's fields are in a frame of this script's origin: the page around it can't read them, and
 * talks to it through one private channel. Where the original's behaviour is not known (the height
 * of the frame, what `pageMode` does) the frame is as high as what it shows.
 */
(() => {
  "use strict";

  const HOME = new URL(document.currentScript.src).origin;

  window.AsiabillPay = function AsiabillPay(sessionToken) {
    let frame = null;
    let channel = null;
    let waiting = new Map();
    let lastId = 0;

    function hear({ data: message }) {
      if (message.type === "height") frame.style.height = `${message.pixels}px`;
      if (message.type === "invalid") {
        const detail = { errorMessage: message.errorMessage };
        window.dispatchEvent(new CustomEvent("getErrorMessage", { detail }));
      }
      if (message.type === "confirmed") {
        const { resolve, reject } = waiting.get(message.id);
        waiting.delete(message.id);
        if (message.answer) resolve({ data: message.answer });
        else reject(new Error("The card could not be sent."));
      }
    }

    function elementInit(kind, options) {
      const wrapper = document.getElementById(options?.formWrapperId);
      if (kind !== "payment_steps" || !wrapper) {
        return Promise.reject(new Error(`elementInit: no ${kind} in #${options?.formWrapperId}`));
      }
      frame?.remove();
      channel?.port1.close();
      waiting = new Map();
      channel = new MessageChannel();
      frame = document.createElement("iframe");
      if (options.frameId) frame.id = options.frameId;
      const language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
      frame.src = `${HOME}/_browser/card_fields?lang=${language}`;
      frame.title = language === "zh" ? "卡片信息" : "Card details";
      frame.style.width = "100%";
      frame.style.border = "0";
      frame.style.display = "block";
      const { port1, port2 } = channel;
      return new Promise((resolve, reject) => {
        port1.onmessage = (event) => {
          if (event.data.type === "ready") resolve({ code: "0", message: "success" });
          else hear(event);
        };
        frame.addEventListener("error", () => reject(new Error("The card fields did not load.")));
        frame.addEventListener("load", () => {
          const greeting = {
            type: "asiabill:connect",
            autoValidate: options.autoValidate === true,
            input: { ...options.layout?.style?.input },
          };
          frame.contentWindow.postMessage(greeting, HOME, [port2]);
        }, { once: true });
        wrapper.replaceChildren(frame);
      });
    }

    function confirmPaymentMethod({ apikey, trnxDetail } = {}) {
      if (!channel) return Promise.reject(new Error("Call elementInit first."));
      lastId += 1;
      const id = lastId;
      const { billingDetail = {}, customerId = "" } = trnxDetail ?? {};
      channel.port1.postMessage({
        type: "confirm",
        id,
        sessionToken: apikey || sessionToken,
        billingDetail,
        customerId,
      });
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    }

    return { elementInit, confirmPaymentMethod };
  };
})();
