// The heavy half of the comparison: CodeMirror's merge views.

import { MergeView, unifiedMergeView } from "@codemirror/merge";
import type { Extension } from "@codemirror/state";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useEffect, useRef, useState } from "react";

import { type CodeDiffProps, SIDE_BY_SIDE } from "./code-diff";
import { languageSupport } from "./code-languages";
import { look } from "./code-look";
import { cx } from "./cx";

const strong = (tone: string) => ({ background: `color-mix(in oklab, var(--${tone}) 18%, transparent)` });
const faint = (tone: string) => ({ background: `color-mix(in oklab, var(--${tone}) 8%, transparent)` });

const theme = EditorView.theme({
  "&.cm-merge-b .cm-changedLine, .cm-changedLine": faint("good"),
  "&.cm-merge-a .cm-changedLine, .cm-deletedChunk": faint("bad"),
  "&.cm-merge-a .cm-changedText, .cm-deletedChunk .cm-deletedText": strong("bad"),
  "&.cm-merge-b .cm-changedText": strong("good"),
  "&.cm-merge-a .cm-changedLineGutter, .cm-deletedLineGutter": { background: "var(--bad)" },
  "&.cm-merge-b .cm-changedLineGutter": { background: "var(--good)" },
  ".cm-deletedChunk": { padding: "0 12px 0 4px" },
  ".cm-collapsedLines": {
    background: "var(--sunken)",
    color: "var(--quiet)",
    padding: "2px 12px",
    fontSize: "12px",
    "&:before, &:after": { content: "none" },
  },
});

export default function LoadedCodeDiff(props: CodeDiffProps & { height: number }) {
  const { label, before, after, language = "text", maxLines = 24, height } = props;
  const { beforeLabel = "Before", afterLabel = "After" } = props;
  const host = useRef<HTMLDivElement>(null);
  const [isWide, setWide] = useState<boolean>();
  const [showsAll, setShowsAll] = useState(false);
  const isLong = Math.max(before.split("\n").length, after.split("\n").length) > maxLines;
  const folds = isLong && !showsAll;

  useEffect(() => {
    if (!host.current) return;
    const watcher = new ResizeObserver(([entry]) => entry && setWide(entry.contentRect.width >= SIDE_BY_SIDE));
    watcher.observe(host.current);
    return () => watcher.disconnect();
  }, []);

  useEffect(() => {
    if (!host.current || isWide === undefined) return;
    const collapse = folds ? { collapseUnchanged: { margin: 3, minSize: 6 } } : {};
    let view: MergeView | EditorView | undefined;
    let isCurrent = true;
    const show = (parent: HTMLElement, support: Extension) => {
      const side = (doc: string, name: string, more: Extension = []) => ({
        doc,
        extensions: [
          look,
          support,
          EditorView.lineWrapping,
          EditorState.readOnly.of(true),
          theme,
          more,
          EditorView.contentAttributes.of({
            "aria-label": `${label}: ${name}`,
            "aria-readonly": "true",
            tabindex: "0",
          }),
        ],
      });
      if (isWide) {
        return new MergeView({ parent, a: side(before, beforeLabel), b: side(after, afterLabel), ...collapse });
      }
      const unified = unifiedMergeView({ original: before, mergeControls: false, ...collapse });
      return new EditorView({ parent, ...side(after, `${beforeLabel} and ${afterLabel}`, unified) });
    };
    languageSupport(language, []).then((support) => {
      if (isCurrent && host.current) view = show(host.current, support);
    });
    return () => {
      isCurrent = false;
      view?.destroy();
    };
  }, [label, before, after, beforeLabel, afterLabel, language, isWide, folds]);

  const isSame = before === after;
  return (
    <>
      <div
        className={cx(
          "border-line bg-sunken text-quiet relative border-b text-xs font-medium",
          isWide === false ? "grid py-1 leading-6" : "flex h-[33px] items-center",
          isLong && "pr-36",
        )}
      >
        {isSame ? (
          <span className="px-3">No differences</span>
        ) : (
          <>
            <span className={cx("min-w-0 truncate px-3", isWide && "w-1/2")}>
              <span aria-hidden className="text-bad mr-1.5 font-mono">
                −
              </span>
              {beforeLabel}
            </span>
            <span className="min-w-0 truncate px-3">
              <span aria-hidden className="text-good mr-1.5 font-mono">
                +
              </span>
              {afterLabel}
            </span>
          </>
        )}
        {isLong && (
          <button
            type="button"
            onClick={() => setShowsAll(!showsAll)}
            className="hover:bg-raised hover:text-ink absolute top-1 right-1 h-6 cursor-pointer rounded px-2"
          >
            {showsAll ? "Show changes only" : "Show all lines"}
          </button>
        )}
      </div>
      <div ref={host} style={{ height }} className="overflow-y-auto" />
    </>
  );
}
