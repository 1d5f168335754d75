import { act, render, screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { useOfferedActions, usePageActions } from "./actions";

function Page({ title }: { title: string }) {
  usePageActions([{ title, run: () => {} }]);
  return null;
}

const Offered = () => <output>{useOfferedActions().map(({ title }) => title)}</output>;

test("what a page can do is offered while it is shown, if the palette was open before the page as well", () => {
  const { rerender } = render(<Offered />);
  const shows = (page: string | undefined, expected: string) => {
    act(() =>
      rerender(
        <>
          <Offered />
          {page && <Page title={page} />}
        </>,
      ),
    );
    expect(screen.getByRole("status").textContent).toBe(expected);
  };
  shows(undefined, "");
  shows("Replay", "Replay");
  shows("Cancel", "Cancel");
  shows(undefined, "");
});
