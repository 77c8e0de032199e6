import { defineConfig } from "vite";

// The built page is part of the Python package, which serves it under a strict content security policy:
// nothing inline, no polyfill that would need it, assets as files.
export default defineConfig({
  build: {
    outDir: "../src/watchkeep/webui",
    emptyOutDir: true,
    manifest: "manifest.json",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    // hls.js is 360 kB and comes only with recorded footage.
    chunkSizeWarningLimit: 400,
  },
  server: { proxy: { "/api": { target: "https://localhost:8443", secure: false, ws: true } } },
});
