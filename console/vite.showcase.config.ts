// The page of components, for development alone: `npm run dev` serves it at /components.html, `npm run showcase` builds it.

import { tmpdir } from "node:os";
import { join } from "node:path";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The policy that the server sends with the console. Not in development, where Vite's own scripts stand in the page.
const policy = {
  name: "content-security-policy",
  transformIndexHtml: () => [
    {
      tag: "meta",
      attrs: {
        "http-equiv": "Content-Security-Policy",
        content: "default-src 'self'; img-src 'self' data: https:; style-src 'self' 'unsafe-inline'; script-src 'self'",
      },
      injectTo: "head-prepend" as const,
    },
  ],
};

export default defineConfig({
  plugins: [react(), tailwindcss(), policy],
  build: {
    outDir: process.env.SHOWCASE_DIST ?? join(tmpdir(), "campanile-components"),
    emptyOutDir: true,
    rollupOptions: { input: ["components.html"] },
  },
});
