import { cleanup, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test } from "vitest";

import { Snippet } from "./snippet";

afterEach(cleanup);

const tabs = [
  { name: "curl", code: "curl example.org" },
  { name: "Go", code: "http.Get()" },
];

test("the chosen language holds for every snippet and is kept in the browser", async () => {
  render(
    <>
      <Snippet label="First" tabs={tabs} />
      <Snippet label="Second" tabs={tabs} />
    </>,
  );
  await userEvent.click(within(screen.getByRole("figure", { name: "First" })).getByRole("tab", { name: "Go" }));
  expect(screen.getAllByText("http.Get()")).toHaveLength(2);
  expect(localStorage.getItem("campanile.snippet-language")).toBe(JSON.stringify("Go"));
});

test("a snippet without the chosen language shows its first", () => {
  render(<Snippet label="Third" tabs={[{ name: "Shell", code: "campanile serve" }]} />);
  expect(screen.getByText("campanile serve")).toBeTruthy();
});

test("the copy button copies the shown code and says so", async () => {
  const user = userEvent.setup();
  render(<Snippet label="First" tabs={tabs} />);
  await user.click(screen.getByRole("tab", { name: "curl" }));
  await user.click(screen.getByRole("button", { name: "Copy" }));
  expect(await navigator.clipboard.readText()).toBe("curl example.org");
  expect(screen.getByText("Copied")).toBeTruthy();
});
