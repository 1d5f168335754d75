import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";

import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

// In development the page comes from here and the APIs from a running server.
const server = { target: "http://127.0.0.1:4400", changeOrigin: false };

/** Writes each text file a second time, compressed as well as it can be: the server would do it anew, and worse, for every visitor. */
const compressed: Plugin = {
  name: "compressed",
  apply: "build",
  writeBundle: ({ dir = "." }, bundle) => {
    for (const name of Object.keys(bundle).filter((name) => /\.(js|css|svg)$/.test(name))) {
      const bytes = readFileSync(join(dir, name));
      if (bytes.length > 1_000) writeFileSync(join(dir, `${name}.br`), brotliCompressSync(bytes));
    }
  },
};

export default defineConfig({
  plugins: [react(), tailwindcss(), compressed],
  // The console, and the portal that others embed.
  build: { rollupOptions: { input: ["index.html", "portal.html"] } },
  server: {
    proxy: {
      "/api": server,
      "/v1": server,
      "/metrics": server,
      "/openapi.json": server,
      "/mcp": server,
      "/.well-known": server,
    },
    // The documentation stands beside this folder, and is built into the pages.
    fs: { allow: [".", "../docs"] },
  },
});
