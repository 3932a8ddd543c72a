// Scopes as OAuth writes them: names with spaces between.
import { SCOPES, type Scope } from '../../../shared/domain/caller.ts';

/** Null unless the text names some of what is allowed and nothing else. In our own order. */
export function readScopes(text: string, allowed: readonly Scope[]): readonly Scope[] | null {
  const wanted = new Set(text.split(' '));
  const known = SCOPES.filter((scope) => wanted.has(scope) && allowed.includes(scope));
  return known.length === wanted.size ? known : null;
}
