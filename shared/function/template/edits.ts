// Adds a function to the three lists that know them all. Throws when a list is not as expected, so
// that nothing is written by guesswork.
import { toIdentifier } from './name.ts';

const IMPORT = /^import \{ definition as \w+ \} from '\.\/([a-z0-9-]+)\/handler\.ts';$/;
const ENTRY = /^ {2}hostable\((\w+)\),$/;
const RESOURCE = /^ {2}- ([a-z0-9-]+)\.yaml$/;

/** functions/main.ts with an import and an entry more. */
export function addToTable(source: string, name: string): string {
  const identifier = toIdentifier(name);
  const imported = `import { definition as ${identifier} } from './${name}/handler.ts';`;
  const withImport = insertSorted(source, IMPORT, name, imported);
  return insertSorted(withImport, ENTRY, identifier, `  hostable(${identifier}),`);
}

/** knative/base/kustomization.yaml with a resource more. */
export function addToKustomization(source: string, name: string): string {
  return insertSorted(source, RESOURCE, name, `  - ${name}.yaml`);
}

/** shared/policy/policies.ts with the policy of the new function's only route. */
export function addToPolicies(source: string, name: string): string {
  const entry = `  'POST /v1/${name}': open(),`;
  if (source.includes(entry)) throw new Error(`${name} has a policy already`);
  const end = source.indexOf('\n};\n');
  if (end < 0) throw new Error('found no end of the table of policies');
  return `${source.slice(0, end)}\n\n  // ${name}\n${entry}${source.slice(end)}`;
}

/** Puts a line among its like, before the first whose key is greater, else after the last. */
function insertSorted(source: string, like: RegExp, key: string, line: string): string {
  const lines = source.split('\n');
  const rows = lines.flatMap((text, at) => {
    const found = like.exec(text)?.[1];
    return found === undefined ? [] : [{ at, key: found }];
  });
  if (rows.some((row) => row.key === key)) throw new Error(`${key} is in the list already`);
  const last = rows.at(-1);
  if (last === undefined) throw new Error(`found no line like ${like.source}`);
  const after = rows.find((row) => row.key > key);
  lines.splice(after === undefined ? last.at + 1 : after.at, 0, line);
  return lines.join('\n');
}
