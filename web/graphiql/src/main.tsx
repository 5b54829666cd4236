import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-explorer/style.css";
import "graphiql/graphiql.css";
import "./page.css";
import "./workers.ts";

import { createRoot } from "react-dom/client";

import { readConfig } from "./config.ts";
import { Page } from "./page.tsx";

const root = createRoot(document.getElementById("page")!);

try {
  root.render(<Page config={await readConfig()} />);
} catch (error) {
  root.render(
    <p role="alert" className="loading">
      GraphiQL could not start: {error instanceof Error ? error.message : String(error)}
    </p>,
  );
}
