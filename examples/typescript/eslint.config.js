/* The rules that The Guild recommends for a schema. Run from the repository's root: `make examples`. */

import graphql from "@graphql-eslint/eslint-plugin";

export default [
  {
    files: ["schema.graphql"],
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: "schema.graphql" } },
    },
    plugins: { "@graphql-eslint": graphql },
    rules: {
      ...graphql.configs["flat/schema-recommended"].rules,
      // Money, payloads, edges and errors are values: what has an id implements Node.
      "@graphql-eslint/strict-id-in-types": "off",
      // It takes Charge.chargebacks for a field with its type's name in front.
      "@graphql-eslint/no-typename-prefix": "off",
      "@graphql-eslint/require-description": [
        "error",
        {
          types: true,
          DirectiveDefinition: true,
          rootField: true,
          // The roots say nothing that their fields don't, and oneOf is GraphQL's own.
          ignoredSelectors: [
            "ObjectTypeDefinition[name.value=/^(Query|Mutation|Subscription)$/]",
            "DirectiveDefinition[name.value=oneOf]",
          ],
        },
      ],
    },
  },
];
