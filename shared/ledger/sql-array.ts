// Array literals for parameters that hold only digits. The driver would quote and escape each
// element; for 800 postings a batch that is most of the client's work.

/** Integers as a Postgres array literal, such as `{1,2,3}`. */
export function integerArray(values: readonly (number | bigint)[]): string {
  return `{${values.join(',')}}`;
}
