import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { takeLinkSecret } from "./api/session";
import { App } from "./app";
import "./theme/tokens.css";
import "./theme/fonts.css";
import "./theme/base.css";

// Before anything else looks at the address.
const link = takeLinkSecret(window.location, window.history);
const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App link={link} />
    </StrictMode>,
  );
}
