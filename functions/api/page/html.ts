// Text into HTML: whatever comes in is escaped, and what is marked up stays of one type.

/** Markup that is safe to put into a page as it is. */
export type Html = string & { readonly __brand: 'Html' };

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escape(text: string): Html {
  return text.replaceAll(/[&<>"']/g, (each) => ENTITIES[each] ?? '') as Html;
}

/** A template whose values are escaped, but for markup. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  const texts = values.map(textOf);
  return parts.map((part, at) => part + (texts[at] ?? '')).join('') as Html;
}

/** Markup inside of a template. */
export function raw(markup: Html): Markup {
  return { markup };
}

/** Markup of each. */
export function each<Item>(items: readonly Item[], show: (item: Item) => Html): Markup {
  return { markup: items.map(show).join('') as Html };
}

/** Words in backticks become code. */
export function prose(text: string): Markup {
  const marked = escape(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
  return { markup: marked as Html };
}

export interface Markup {
  readonly markup: Html;
}

type Value = string | number | Markup;

function textOf(value: Value): Html {
  return typeof value === 'object' ? value.markup : escape(String(value));
}
