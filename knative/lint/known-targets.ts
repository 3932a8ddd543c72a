// Which functions there are: the folders with a handler.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Names that FUNCTION_TARGET may have. `root` is the repository. */
export function knownTargets(root: string): ReadonlySet<string> {
  const folder = join(root, 'functions');
  return new Set(
    readdirSync(folder).filter((name) => existsSync(join(folder, name, 'handler.ts'))),
  );
}
