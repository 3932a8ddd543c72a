// Processes of the orders function beside the one of an exchange: on its database, log and cache.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Exchange } from '../../e2e/exchange.ts';
import type { Target } from '../order-to-ledger/stage.ts';

const SCRIPT = fileURLToPath(new URL('./orders-host.ts', import.meta.url));
const REQUIRE = `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);`;
const READY_POLL_MS = 50;

export class BesideOrders {
  readonly #environment: Readonly<Record<string, string>>;
  readonly #folder: string;
  readonly #children: ChildProcess[] = [];

  /** Linux alone: what the exchange has told its own process is read from /proc. */
  static async open(exchange: Exchange): Promise<BesideOrders> {
    const { services } = await exchange.topology();
    const pid = services.find(({ name }) => name === 'orders')?.pid;
    const text = readFileSync(`/proc/${pid ?? 'none'}/environ`, 'utf8');
    const variables = text.split('\0').flatMap((line) => {
      const at = line.indexOf('=');
      return at < 1 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
    });
    const folder = mkdtempSync(join(tmpdir(), 'bourse-bench-'));
    await build({
      entryPoints: [SCRIPT],
      outdir: folder,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
      banner: { js: REQUIRE },
    });
    const environment = { ...Object.fromEntries(variables), LOG_LEVEL: 'warn' };
    return new BesideOrders(environment, folder);
  }

  private constructor(environment: Readonly<Record<string, string>>, folder: string) {
    this.#environment = environment;
    this.#folder = folder;
  }

  /** Ready when it answers: it knows who was revoked by then. */
  async start(name: string, variables: Readonly<Record<string, string>> = {}): Promise<Target> {
    const child = fork(join(this.#folder, 'orders-host.mjs'), [], {
      execArgv: [],
      env: { ...this.#environment, ...variables },
      // What it logs is not what the benchmark prints.
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    this.#children.push(child);
    const [message] = (await once(child, 'message')) as [{ readonly port: number }];
    const url = `http://127.0.0.1:${message.port}`;
    while (!(await fetch(`${url}/readyz`)).ok) {
      await new Promise((done) => setTimeout(done, READY_POLL_MS));
    }
    return { name, url, pid: child.pid ?? null };
  }

  async stop(): Promise<void> {
    const ends = this.#children.map((child) => once(child, 'exit'));
    for (const child of this.#children) child.disconnect();
    await Promise.all(ends);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
