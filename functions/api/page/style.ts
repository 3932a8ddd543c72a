// The one style sheet of the page, inside of it: the policy of the page names its hash.
import { createHash } from 'node:crypto';

export const STYLE = `
:root { color-scheme: light dark; --ink: #1c2024; --soft: #5c6670; --line: #d9dee3; --back: #fff;
  --panel: #f5f7f9; --link: #0b57a4; --get: #0b6e4f; --post: #0b57a4; --put: #8a5a00;
  --patch: #8a5a00; --delete: #a61b29; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ec; --soft: #9aa5b0; --line: #333b43;
  --back: #14181c; --panel: #1c2228; --link: #7db8f5; --get: #5cc79e; --post: #7db8f5;
  --put: #e0b060; --patch: #e0b060; --delete: #f08a94; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
a { color: var(--link); text-decoration: none; }
a:hover, a:focus { text-decoration: underline; }
code, pre { font: 0.875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { overflow-wrap: anywhere; }
pre { margin: 0.5rem 0; padding: 0.75rem 1rem; overflow-x: auto; background: var(--panel);
  border: 1px solid var(--line); border-radius: 6px; }
nav { padding: 1rem 1.25rem; border-bottom: 1px solid var(--line); max-height: 45vh;
  overflow-y: auto; font-size: 0.875rem; }
nav h2 { margin: 1rem 0 0.25rem; font-size: 0.875rem; }
nav ul { margin: 0; padding: 0; list-style: none; }
nav li { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
main { max-width: 54rem; padding: 1.5rem 1.25rem 6rem; }
h1 { margin: 0 0 0.5rem; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 3rem 0 0.5rem; padding-bottom: 0.25rem; border-bottom: 1px solid var(--line); }
h3 { margin: 2.5rem 0 0.25rem; font-size: 1.0625rem; line-height: 1.4; overflow-wrap: anywhere; }
h3 a { color: inherit; }
h4 { margin: 1.25rem 0 0.25rem; font-size: 0.875rem; color: var(--soft); }
p { margin: 0.25rem 0 0.5rem; max-width: 44rem; }
.soft, .field small { color: var(--soft); }
.verb { display: inline-block; min-width: 4.25em; font: 600 0.75em/1.5 ui-monospace, monospace; }
.get { color: var(--get); } .post { color: var(--post); } .put { color: var(--put); }
.patch { color: var(--patch); } .delete { color: var(--delete); }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 0.9375rem; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 0.8125rem; }
th, td { padding: 0.3rem 0.75rem 0.3rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
td:first-child { white-space: nowrap; }
summary { cursor: pointer; padding: 0.2rem 0; }
details { margin: 0.25rem 0; }
details > *:not(summary) { margin-left: 1rem; }
.codes { margin: 0.25rem 0; padding: 0; list-style: none; font-size: 0.9375rem; }
.codes li { margin: 0.15rem 0; padding-left: 3rem; text-indent: -3rem; }
.codes b { display: inline-block; width: 3rem; text-indent: 0; }
@media (min-width: 64rem) {
  body { display: grid; grid-template-columns: 20rem minmax(0, 1fr); }
  nav { position: sticky; top: 0; height: 100vh; max-height: none; border-bottom: 0;
    border-right: 1px solid var(--line); }
  main { padding: 2rem 3rem 6rem; }
}
@media print { nav { display: none; } }
`;

/** Loads nothing and runs nothing; what is not this style sheet does not count. */
export function pagePolicy(): string {
  const hash = createHash('sha256').update(STYLE).digest('base64');
  return (
    `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; ` +
    "frame-ancestors 'none'"
  );
}
