import type { CodegenConfig } from "@graphql-codegen/cli";

// Types for every operation of src/, and src/gql/persisted-documents.json: the manifest that
// GATEWAY_TRUSTED_DOCUMENTS takes.
const config: CodegenConfig = {
  schema: "../../schema.graphql",
  documents: ["src/**/*.ts", "!src/gql/**"],
  generates: {
    "./src/gql/": {
      preset: "client",
      presetConfig: {
        persistedDocuments: { hashAlgorithm: "sha256", mode: "embedHashInDocument" },
        fragmentMasking: false,
      },
      config: {
        strictScalars: true,
        onlyOperationTypes: true,
        useTypeImports: true,
        enumsAsTypes: true,
        emitLegacyCommonJSImports: false,
        // Amounts stay text: a number would lose cents.
        scalars: {
          BigInt: "string",
          CountryCode: "string",
          CurrencyCode: "string",
          Date: "string",
          DateTime: "string",
          Decimal: "string",
          RawCard: "Record<string, string>",
          URL: "string",
        },
      },
    },
  },
};

export default config;
