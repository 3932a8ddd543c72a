// The sealing keys of the emulator: drawn once, then kept as a cluster keeps secrets.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SEALING_PURPOSES } from '../../../shared/secrets/key-ring.ts';

const KEY_BYTES = 32;

/** Makes the rings that are missing: what the others have sealed stays readable. */
export function prepareSealingKeys(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const purpose of SEALING_PURPOSES) {
    const file = join(directory, `${purpose}.json`);
    if (existsSync(file)) continue;
    const ring = { current: 'first', keys: { first: randomBytes(KEY_BYTES).toString('base64') } };
    writeFileSync(file, `${JSON.stringify(ring)}\n`, { mode: 0o600 });
  }
}
