import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// In development the page comes from here and the APIs from a running server.
const server = { target: "http://127.0.0.1:4400", changeOrigin: false };

export default defineConfig({
  plugins: [react(), tailwindcss()],
  // The console, and the portal that others embed.
  build: { rollupOptions: { input: ["index.html", "portal.html"] } },
  server: {
    proxy: { "/api": server, "/v1": server, "/metrics": server, "/openapi.json": server },
    // The documentation stands beside this folder, and is built into the pages.
    fs: { allow: [".", "../docs"] },
  },
});
