// Anchors of the emulator's audit log: what a CronJob does in a cluster, this does every minute.
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAnchorKey } from '../../../shared/audit/anchor.ts';
import { takeAnchor } from '../../../shared/audit/take-anchor.ts';
import type { Bus } from '../../../shared/bus/bus.ts';
import type { Pool } from '../../../shared/db/pool.ts';

const EVERY_MS = 60_000;

export interface AnchoringDeps {
  readonly pool: Pool;
  readonly bus: Bus;
  /** Holds `key.pem`, `public-key.pem` and `anchors/`. */
  readonly directory: string;
  readonly onFailure: (error: unknown) => void;
}

export class Anchoring {
  readonly #deps: AnchoringDeps;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(deps: AnchoringDeps) {
    this.#deps = deps;
  }

  start(): void {
    prepareAnchorKey(this.#deps.directory);
    this.#timer = setInterval(() => {
      this.#running = this.#running.then(() => this.#pass());
    }, EVERY_MS);
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#running;
  }

  async #pass(): Promise<void> {
    const { pool, bus, directory, onFailure } = this.#deps;
    try {
      const key = readAnchorKey(join(directory, 'key.pem'));
      const anchorsDir = join(directory, 'anchors');
      await takeAnchor({ pool, bus, directory: anchorsDir, key, nowMs: Date.now() });
    } catch (error) {
      onFailure(error);
    }
  }
}

/** Drawn once: anchors of earlier starts stay good. */
function prepareAnchorKey(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, 'key.pem');
  if (existsSync(file)) return;
  const { privateKey } = generateKeyPairSync('ed25519');
  const publicKey = createPublicKey(privateKey);
  writeFileSync(
    join(directory, 'public-key.pem'),
    publicKey.export({ type: 'spki', format: 'pem' }),
  );
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
}
