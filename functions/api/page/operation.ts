// One route on the page: who may call it, what it takes, what it answers, how it refuses.
import {
  answerOf,
  type Answer,
  type Document,
  type Endpoint,
  type MediaType,
  type Parameter,
} from './document.ts';
import { fieldsOf, limitsOf, typeOf, type Field } from './fields.ts';
import { each, html, prose, raw, type Html, type Markup } from './html.ts';

export function showOperation(document: Document, endpoint: Endpoint): Html {
  const { method, path, operation } = endpoint;
  const { operationId, summary, description, parameters = [], requestBody } = operation;
  const answers = Object.entries(operation.responses).map(
    ([status, answer]) => [status, answerOf(document, answer)] as const,
  );
  const own = answers.filter(([status, answer]) => Number(status) < 400 || !isProblem(answer));
  return html`<section aria-labelledby="${operationId}">
    <h3 id="${operationId}">
      <a href="#${operationId}"
        ><span class="verb ${method.toLowerCase()}">${method}</span> <code>${path}</code></a
      >
    </h3>
    <p>${prose(summary)}</p>
    <p class="soft">${prose(description)}</p>
    ${showParameters(parameters)} ${showBody(requestBody?.content, operation['x-body-bytes-max'])}
    <h4>Answers</h4>
    ${each(own.filter(hasStatus), ([status, answer]) => showAnswer(status, answer))}
    ${showRefusals(answers)}
  </section>`;
}

function hasStatus([status, answer]: readonly [string, Answer]): boolean {
  return Number(status) < 400 || answer.content !== undefined;
}

function isProblem({ content }: Answer): boolean {
  return content !== undefined && Object.keys(content).join() === 'application/problem+json';
}

function showParameters(parameters: readonly Parameter[]): Markup {
  if (parameters.length === 0) return NOTHING;
  const row = ({ name, in: where, required, description = '', schema }: Parameter): Html =>
    html`<tr>
      <td><code>${name}</code></td>
      <td>${where}${required ? '' : ', optional'}</td>
      <td>${typeOf(schema)} <small>${prose(limitsOf(schema))} ${prose(description)}</small></td>
    </tr>`;
  return raw(
    html`<h4>Parameters</h4>
      <div class="scroll">
        <table class="field">
          ${each(parameters, row)}
        </table>
      </div>`,
  );
}

function showBody(
  content: Readonly<Record<string, MediaType>> | undefined,
  bytesMax: number,
): Markup {
  const [type, media] = Object.entries(content ?? {})[0] ?? [];
  if (type === undefined || media === undefined) return NOTHING;
  return raw(
    html`<h4>Body: ${type}, at most ${bytesMax.toLocaleString('en')} bytes</h4>
      ${showFields(media)} ${showExamples(media)}`,
  );
}

function showAnswer(status: string, { description, content = {} }: Answer): Html {
  const own = Object.entries(content).filter(([type]) => type !== 'application/problem+json');
  if (own.length === 0) {
    return html`<p><b>${status}</b> ${prose(description)}</p>`;
  }
  return html`${each(
    own,
    ([type, media]) =>
      html`<details>
        <summary><b>${status}</b> ${prose(description)} <span class="soft">${type}</span></summary>
        ${showFields(media)} ${showExamples(media)}
      </details>`,
  )}`;
}

function showFields({ schema }: MediaType): Markup {
  const fields = fieldsOf(schema);
  if (fields.length === 0) return NOTHING;
  const row = ({ name, type, limits, required }: Field): Html =>
    html`<tr>
      <td><code>${name}</code></td>
      <td>${type}${required ? '' : ', optional'}</td>
      <td><small>${prose(limits)}</small></td>
    </tr>`;
  return raw(
    html`<div class="scroll">
      <table class="field">
        <tr>
          <th>Field</th>
          <th>Type</th>
          <th>Limits</th>
        </tr>
        ${each(fields, row)}
      </table>
    </div>`,
  );
}

function showExamples({ examples = {} }: MediaType): Markup {
  const shown = Object.values(examples).flatMap((example) =>
    'value' in example ? [textOf(example.value)] : [],
  );
  if (shown.length === 0) return NOTHING;
  return raw(
    html`<details>
      <summary>${shown.length === 1 ? 'Example' : `${shown.length} examples`}</summary>
      ${each(shown, (text) => html`<pre>${text}</pre>`)}
    </details>`,
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}

function showRefusals(answers: readonly (readonly [string, Answer])[]): Markup {
  const refusals = answers.flatMap(([status, { content }]) => {
    const codes = Object.keys(content?.['application/problem+json']?.examples ?? {});
    return codes.length === 0 ? [] : [{ status, codes }];
  });
  return raw(
    html`<details>
      <summary>Errors</summary>
      <ul class="codes">
        ${each(
          refusals,
          ({ status, codes }) =>
            html`<li><b>${status}</b> ${each(codes, (code) => linkTo(code))}</li>`,
        )}
      </ul>
    </details>`,
  );
}

function linkTo(code: string): Html {
  return html`<a href="#${code}"><code>${code}</code></a> `;
}

const NOTHING: Markup = raw('' as Html);
