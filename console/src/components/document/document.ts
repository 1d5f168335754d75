// One document as it is read from the server, and how its parts are called.

import { useQuery } from "@tanstack/react-query";

import { api, data, type Schemas } from "../../lib/api";

export type Document = Schemas["Document"];
export type Detail = Schemas["DocumentDetail"];

export const useDocument = (id: string) =>
  useQuery({
    queryKey: ["document", id],
    queryFn: () => data(api.GET("/api/documents/{id}", { params: { path: { id } } })),
  });

const FORMATS: Record<string, string> = {
  markdown: "Markdown",
  mdx: "MDX",
  html: "HTML",
  rst: "reStructuredText",
  asciidoc: "AsciiDoc",
  code: "Code",
  text: "Text",
};

export const formatName = (format: string): string => FORMATS[format] ?? format;

export const FORMAT_OPTIONS = Object.entries(FORMATS).map(([value, title]) => ({ value, title }));

export const counted = (number: number, noun: string) =>
  `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
