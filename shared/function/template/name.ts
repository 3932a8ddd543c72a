// The name of a new function: one word for the folder, the service, the target and the path.

/** Kubernetes takes 63 characters for a service; revisions append to it. */
export const NAME_CHARACTERS_MAX = 40;

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** Names that say nothing, and names that this repository or the language uses for other things. */
const REFUSED: ReadonlySet<string> = new Set([
  ...['util', 'utils', 'helper', 'helpers', 'common', 'misc', 'manager', 'lib', 'index', 'main'],
  ...['function', 'functions', 'hostable', 'shared', 'test', 'engine', 'engine-daemon', 'emulator'],
  ...['route', 'config', 'namespace', 'kustomization', 'dead-letters', 'events', 'healthz'],
  ...['readyz', 'metrics', 'await', 'break', 'case', 'catch', 'class', 'const', 'continue'],
  ...['debugger', 'default', 'delete', 'do', 'else', 'enum', 'export', 'extends', 'false'],
  ...['finally', 'for', 'if', 'implements', 'import', 'in', 'instanceof', 'interface', 'let'],
  ...['new', 'null', 'package', 'private', 'protected', 'public', 'return', 'static', 'super'],
  ...['switch', 'this', 'throw', 'true', 'try', 'typeof', 'var', 'void', 'while', 'with', 'yield'],
]);

/** Why a name is refused; null when it is good. Whether it is taken is not looked at. */
export function findNameFault(name: string): string | null {
  if (!NAME.test(name)) return 'use lower-case words joined with dashes, such as market-data';
  if (name.length > NAME_CHARACTERS_MAX) return `use at most ${NAME_CHARACTERS_MAX} characters`;
  if (REFUSED.has(name)) return 'this name means something else already, or nothing at all';
  return null;
}

/** `market-data` as the code spells it: `marketData`. */
export function toIdentifier(name: string): string {
  return name.replaceAll(/-([a-z0-9])/g, (_dash, letter: string) => letter.toUpperCase());
}
