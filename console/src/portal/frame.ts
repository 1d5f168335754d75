// Tells the page around the frame how high the portal is, so that it can be shown without a scrollbar of its own.

export function followHeight() {
  if (window.parent === window) return;
  const root = document.getElementById("root") as HTMLElement;
  let told = 0;
  const tell = () => {
    const height = root.scrollHeight;
    if (height === told) return;
    told = height;
    window.parent.postMessage({ type: "svix.iframe-resizer-height", payload: { height } }, "*");
  };
  new ResizeObserver(tell).observe(root);
  tell();
}
