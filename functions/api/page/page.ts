// The page to read: one HTML file of the document, with no script and nothing that is loaded.
import type { JsonSchema } from '../document/json-schema.ts';
import { endpointsOf, type Document, type Endpoint, type Example } from './document.ts';
import { each, html, prose, raw, type Html, type Markup } from './html.ts';
import { showOperation } from './operation.ts';
import { STYLE } from './style.ts';

export function buildPage(openApi: JsonSchema): string {
  const document = openApi as unknown as Document;
  const { info } = document;
  const page = html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>${info.title} API</title>
      ${raw(`<style>${STYLE}</style>` as Html)}
    </head>
    <body>
      ${showNavigation(document)}
      <main>
        <h1>${info.title} API</h1>
        <p>${prose(info.summary)} ${prose(info.description)}</p>
        <p>The same as <a href="/v1/openapi.json">OpenAPI 3.1</a>.</p>
        ${showCredentials(document)}
        ${each(document.tags, ({ name }) => showFunction(document, name))} ${showErrors(document)}
      </main>
    </body>
  </html>`;
  return `<!doctype html>\n${squeeze(page)}\n`;
}

/** The indentation of the templates is a fifth of the page, and nobody sees it. */
function squeeze(page: string): string {
  return page
    .split(/(<pre>[^]*?<\/pre>|<style>[^]*?<\/style>)/)
    .map((part, at) => (at % 2 === 1 ? part : part.replaceAll(/\s*\n\s*/g, '\n')))
    .join('');
}

function showNavigation(document: Document): Markup {
  const item = ({ method, path, operation }: Endpoint): Html =>
    html`<li>
      <a href="#${operation.operationId}" title="${operation.summary}"
        ><span class="verb ${method.toLowerCase()}">${method}</span> ${path}</a
      >
    </li>`;
  return raw(
    html`<nav aria-label="Routes">
      <a href="#credentials">Credentials</a>
      ${each(
        document.tags,
        ({ name }) =>
          html`<h2><a href="#function-${name}">${name}</a></h2>
            <ul>
              ${each(endpointsOf(document, name), item)}
            </ul>`,
      )}
      <h2><a href="#errors">errors</a></h2>
    </nav>`,
  );
}

function showFunction(document: Document, name: string): Html {
  return html`<h2 id="function-${name}">${name}</h2>
    ${each(endpointsOf(document, name), (endpoint) => showOperation(document, endpoint))}`;
}

function showCredentials({ components }: Document): Markup {
  const schemes = Object.entries(components.securitySchemes);
  return raw(
    html`<h2 id="credentials">Credentials</h2>
      <p>
        Each route says who may call it. A request has a bearer token, or the headers of a signed
        request, never both.
      </p>
      <div class="scroll">
        <table>
          ${each(
            schemes,
            ([name, { description, name: header }]) =>
              html`<tr>
                <td><code>${header ?? `Authorization: Bearer (${name})`}</code></td>
                <td>${prose(description)}</td>
              </tr>`,
          )}
        </table>
      </div>`,
  );
}

function showErrors({ components }: Document): Markup {
  const row = ([code, { summary = '', value }]: [string, Example]): Html =>
    html`<tr id="${code}">
      <td><code>${code}</code></td>
      <td>${(value as { status: number }).status}</td>
      <td>
        <details>
          <summary>${prose(summary)}</summary>
          <pre>${JSON.stringify(value, null, 2)}</pre>
        </details>
      </td>
    </tr>`;
  return raw(
    html`<h2 id="errors">Errors</h2>
      <p>Each is answered as <code>application/problem+json</code>; a code is stable for ever.</p>
      <div class="scroll">
        <table>
          ${each(Object.entries(components.examples), row)}
        </table>
      </div>`,
  );
}
