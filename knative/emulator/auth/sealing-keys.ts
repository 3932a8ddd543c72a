// The sealing keys of the emulator: drawn once, then kept as a cluster keeps secrets.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EMAIL_INDEX_FILE } from '../../../shared/secrets/email.ts';
import { SEALING_PURPOSES } from '../../../shared/secrets/key-ring.ts';

const KEY_BYTES = 32;

/** Makes what is missing: what the others have sealed stays readable. */
export function prepareSealingKeys(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const purpose of SEALING_PURPOSES) {
    keep(join(directory, `${purpose}.json`), { current: 'first', keys: { first: drawKey() } });
  }
  keep(join(directory, EMAIL_INDEX_FILE), { key: drawKey() });
}

function keep(file: string, content: object): void {
  if (existsSync(file)) return;
  writeFileSync(file, `${JSON.stringify(content)}\n`, { mode: 0o600 });
}

function drawKey(): string {
  return randomBytes(KEY_BYTES).toString('base64');
}
