// Reads the two headers as RFC 9651 has it: a list of strings with parameters that are integers.
// Strict, so that what a client could not read fails a test.

const ITEM = /^"([\x20-\x21\x23-\x5b\x5d-\x7e]+)"((?:;[a-z*][a-z0-9_.*-]*=-?[0-9]{1,15})+)$/;

export interface PolicyField {
  readonly name: string;
  readonly q: number;
  readonly w: number;
}

export interface LimitField {
  readonly name: string;
  readonly r: number;
  readonly t: number;
}

export function readPolicy(header: string | undefined): PolicyField[] {
  return readList(header).map(({ name, of }) => ({ name, q: of('q'), w: of('w') }));
}

export function readLimit(header: string | undefined): LimitField[] {
  return readList(header).map(({ name, of }) => ({ name, r: of('r'), t: of('t') }));
}

/** Throws for a header that is none, and for a parameter that is missing. */
function readList(header: string | undefined): { name: string; of: (key: string) => number }[] {
  return (header ?? '').split(/[ \t]*,[ \t]*/).map((text) => {
    const [, name, parameters] = ITEM.exec(text) ?? [];
    if (name === undefined || parameters === undefined) throw new Error(`no item: ${text}`);
    const values = new Map(
      parameters
        .slice(1)
        .split(';')
        .map((each) => [
          each.slice(0, each.indexOf('=')),
          Number(each.slice(each.indexOf('=') + 1)),
        ]),
    );
    const of = (key: string): number => {
      const value = values.get(key);
      if (value === undefined) throw new Error(`no ${key} in ${text}`);
      return value;
    };
    return { name, of };
  });
}
