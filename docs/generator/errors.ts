// docs/errors.md: every code with its status and meaning, from the table that the code runs with.
import { ERROR_CODES } from '../../shared/domain/rejection.ts';
import { FIELD_CODES } from '../../shared/http/field-errors.ts';

interface Row {
  readonly code: string;
  readonly status: number;
  readonly meaning: string;
}

export function buildErrorsPage(): string {
  const rows: Row[] = Object.entries(ERROR_CODES).map(([code, facts]) => ({ code, ...facts }));
  const byCode = rows.sort((one, two) => (one.code < two.code ? -1 : 1));
  const errors = byCode.filter((row) => row.status >= 400);
  const reasons = byCode.filter((row) => row.status < 400);
  return [
    '# Error codes',
    '',
    'Generated from `shared/domain/rejection.ts` by `npm run generate`. A code is stable for ever; texts may change.',
    'Errors are answered as RFC 9457 `application/problem+json`; the code is the field `code`.',
    '',
    '| Code | Status | Meaning |',
    '| --- | --- | --- |',
    ...errors.map((row) => `| \`${row.code}\` | ${row.status} | ${row.meaning} |`),
    '',
    '## End reasons that are no errors',
    '',
    'Found in the `reason` of an order. Codes above can be end reasons too: an order that the engine refuses ends with one.',
    '',
    '| Code | Meaning |',
    '| --- | --- |',
    ...reasons.map((row) => `| \`${row.code}\` | ${row.meaning.replace('End reason: ', '')} |`),
    '',
    '## Codes of single fields',
    '',
    'Found in `errors[].code` of a problem; `errors[].path` is a JSON pointer into the body, the query or the path parameters.',
    'Where a batch is refused for its orders (`ORDER_BATCH_REFUSED`), the code is that of the order.',
    '',
    '| Code | Meaning |',
    '| --- | --- |',
    ...Object.entries(FIELD_CODES).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`),
    '',
  ].join('\n');
}
