// What goes into the page is text, never markup; and schemas as rows.
import { describe, expect, it } from 'vitest';
import { fieldsOf, limitsOf, typeOf } from './fields.ts';
import { each, escape, html, prose, raw } from './html.ts';

const HOSTILE = `<script>"'&</script>`;
const SAFE = '&lt;script&gt;&quot;&#39;&amp;&lt;/script&gt;';

describe('markup', () => {
  it('escapes whatever is not marked up', () => {
    expect(escape(HOSTILE)).toBe(SAFE);
    expect(html`<p title="${HOSTILE}">${HOSTILE}</p>`).toBe(`<p title="${SAFE}">${SAFE}</p>`);
    expect(html`${prose(`a \`${HOSTILE}\``)}`).toBe(`a <code>${SAFE}</code>`);
    expect(html`${each([HOSTILE], (text) => html`<b>${text}</b>`)}`).toBe(`<b>${SAFE}</b>`);
    expect(html`${raw(html`<i>${1}</i>`)}`).toBe('<i>1</i>');
  });
});

describe('the rows of a schema', () => {
  it('go into objects, lists and alternatives', () => {
    const text = { type: 'string', maxLength: 3 };
    const schema = {
      type: 'object',
      required: ['list', 'kind'],
      properties: {
        list: { type: 'array', minItems: 1, items: { type: 'object', properties: { a: text } } },
        kind: { anyOf: [{ const: 'x' }, { type: 'null' }] },
        pair: { type: 'array', prefixItems: [text, { type: 'integer' }], items: false },
      },
    };
    expect(fieldsOf(schema)).toEqual([
      { name: 'list', type: 'array of object', limits: 'at least 1 items', required: true },
      { name: 'list[].a', type: 'string', limits: 'at most 3 characters', required: false },
      { name: 'kind', type: '"x" or null', limits: '', required: true },
      { name: 'pair', type: '[string, integer]', limits: '', required: false },
    ]);
  });

  it('need what every alternative needs', () => {
    const one = { properties: { a: { type: 'string' } }, required: ['a'] };
    const other = { properties: { a: { type: 'integer' }, b: {} }, required: ['a', 'b'] };
    expect(fieldsOf({ anyOf: [one, other] })).toEqual([
      { name: 'a', type: 'string or integer', limits: '', required: true },
      { name: 'b', type: 'any', limits: '', required: false },
    ]);
  });

  it('tell limits in words', () => {
    expect(typeOf({ enum: ['a', 'b'] })).toBe('string');
    expect(limitsOf({ enum: ['a', 'b'] })).toBe('"a", "b"');
    expect(limitsOf({ type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER })).toBe(
      'at least 0',
    );
  });
});
