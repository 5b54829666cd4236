// The values of the page's examples. SpectaQL's own are drawn anew at each build.
const VALUES = {
  BigInt: "1",
  Boolean: true,
  CountryCode: "DE",
  CurrencyCode: "EUR",
  DateTime: "2026-11-25T12:00:00Z",
  Decimal: "61.90",
  ID: "id",
  Int: 20,
  RawCard: { number: "4242424242424242", expMonth: "12", expYear: "2030", securityCode: "123" },
  String: "text",
  URL: "https://shop.example/paid",
};

module.exports = ({ underlyingType, type, isArray }) => {
  const value = VALUES[(underlyingType ?? type).name];
  return isArray && value !== undefined ? [value] : value;
};
