// The list of breached passwords: ours, or an operator's larger one. Never a call outside: what
// somebody wants as a password is nobody's business, and a service that is away would let all in.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConfigError } from '../config/environment.ts';
import ownList from './breached-passwords.json' with { type: 'json' };
import type { IsBreached } from './password-policy.ts';

/**
 * Names a file with one password a line, or its SHA-1 in hex (`<SHA-1>` or `<SHA-1>:<count>`, as
 * the public collections have it). It stands beside our own list, and takes 8 bytes a line.
 */
export const BREACHED_FILE_VARIABLE = 'BREACHED_PASSWORDS_FILE';

const SHA1_LINE = /^([0-9A-Fa-f]{40})(:[0-9]+)?$/;
/** Of a SHA-1: two of a billion passwords that share them are one chance in forty. */
const MARK_BYTES = 8;

/** Reads the list, once for a process. Throws ConfigError when the file named cannot be used. */
export function openBreachedList(file?: string): IsBreached {
  const marks = [...ownList.map(markOf), ...(file === undefined ? [] : readMarks(file))];
  // Sorted numbers, not a set of texts: an operator's list may have many millions of lines.
  const sorted = BigUint64Array.from(marks).sort();
  return (password) => includes(sorted, markOf(password));
}

function readMarks(file: string): bigint[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(`the breached passwords ${file} cannot be read`, { cause });
  }
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  // Whoever gives an empty list has given the wrong file.
  if (lines.length === 0) throw new ConfigError(`${file} has no breached passwords`);
  return lines.map((line) => {
    const sha1 = SHA1_LINE.exec(line)?.[1];
    return sha1 === undefined ? markOf(line) : Buffer.from(sha1, 'hex').readBigUInt64BE();
  });
}

/** SHA-1 is no protection here, only the form that public lists have. */
function markOf(password: string): bigint {
  const digest = createHash('sha1').update(password.normalize('NFC')).digest();
  return digest.subarray(0, MARK_BYTES).readBigUInt64BE();
}

function includes(sorted: BigUint64Array, wanted: bigint): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0n) < wanted) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === wanted;
}
