// Lets the faults strike that come by the hour and not by the message: crashes, zombies, cut links,
// clocks that jump, rotten snapshots. Stops all of it when the world heals.
import { ENGINE_DIR } from './engine-role.ts';
import type { Exchange } from './exchange.ts';
import { MARKETS } from './markets.ts';
import type { Parts } from './parts.ts';
import type { Role } from './role.ts';
import { SimulatedProcess } from '../world/process.ts';
import type { FaultKind } from '../world/faults.ts';

const CLOCK_JUMP_MS_MAX = 600_000;
const STOPPED_MS_MAX = 3_000;
const ZOMBIE_STOPPED_MS_MAX = 1_000;
const ZOMBIE_LIVES_MS_MAX = 6_000;
const CUT_MS_MAX = 2_000;
const DATABASE_DOWN_MS_MAX = 800;
const STATUS_MS_MAX = 800;
/** A halt twice: few orders meet it in the engine, for most are refused before. */
const STATUSES = ['halted', 'halted', 'cancel_only', 'post_only', 'limit_only'] as const;
const SERVERS = ['log', 'database', 'orders', 'settlement'] as const;

export class Saboteur {
  readonly #parts: Parts;
  readonly #exchange: Exchange;
  readonly #zombies: SimulatedProcess[] = [];

  constructor(parts: Parts, exchange: Exchange) {
    this.#parts = parts;
    this.#exchange = exchange;
  }

  start(): void {
    const { engine, orders, settlement, sources, all } = this.#exchange;
    const { random } = this.#parts.world;
    const crashOne = (roles: readonly Role[]) => () => crash(random.pick(roles));
    this.#strikeBySecond('crash of orders', crashOne(orders));
    this.#strikeBySecond('crash of settlement', crashOne(settlement));
    this.#strikeBySecond('crash of source', crashOne(sources));
    this.#strikeBySecond('crash of engine', crashOne([engine.role]));
    this.#strikeBySecond('crash of database', () => this.#crashDatabase());
    this.#strikeBySecond('crash of everything', () => {
      for (const role of all) role.crash();
      this.#crashDatabase();
      return true;
    });
    this.#strikeBySecond('machine of engine failed', () => {
      engine.role.crash();
      this.#parts.disk.failMachine();
      return true;
    });
    this.#strikeBySecond('snapshot flipped', () => this.#damage(flip));
    this.#strikeBySecond('snapshot torn', () => this.#damage(tear));
    this.#strikeBySecond('snapshot stale', () => this.#loseNewest());
    this.#strikeBySecond('zombie engine', () => this.#makeZombie());
    this.#strikeBySecond('process stopped', () => this.#stopOne());
    this.#strikeBySecond('link partitioned', () => this.#cutLink());
    this.#strikeBySecond('clock jumped', () => this.#skewClock());
    this.#strikeBySecond('rebalanced', () => this.#rebalance());
    this.#strikeBySecond('offset went back', () => this.#loseCommits());
    this.#strikeBySecond('market status changed', () => this.#changeStatus());
  }

  /** Everything comes back and nothing breaks any more. */
  heal(): void {
    const { database, faults, network } = this.#parts;
    faults.isActive = false;
    network.heal();
    database.clockSkewMs = 0;
    database.start();
    for (const zombie of this.#zombies) zombie.kill();
    for (const role of this.#exchange.all) {
      role.skewClock(0);
      if (!role.process.isAlive) role.restartSoon();
    }
    for (const { description } of MARKETS) {
      this.#exchange.operator.setStatus(description.market, 'trading');
    }
  }

  /** `strike` answers whether there was anything to strike. */
  #strikeBySecond(kind: FaultKind, strike: () => boolean): void {
    const { faults, world } = this.#parts;
    const rate = faults.rate(kind);
    if (rate === 0) return;
    const again = (): void => {
      world.schedule(world.random.exponential(1_000 / rate), null, kind, () => {
        if (!faults.isActive) return;
        if (strike()) faults.count(kind);
        again();
      });
    };
    again();
  }

  #crashDatabase(): boolean {
    const { database, world } = this.#parts;
    database.crash();
    world.schedule(world.random.fraction() * DATABASE_DOWN_MS_MAX, null, 'database up', () =>
      database.start(),
    );
    return true;
  }

  #damage(change: (content: Buffer, at: number) => Buffer): boolean {
    const { disk, world } = this.#parts;
    const file = world.random.pick(disk.snapshots(ENGINE_DIR));
    if (file === undefined) return false;
    disk.damage(file, (content) => change(content, world.random.between(0, content.length - 1)));
    return true;
  }

  #loseNewest(): boolean {
    const newest = this.#parts.disk.snapshots(ENGINE_DIR).at(-1);
    if (newest === undefined) return false;
    this.#parts.disk.remove(newest);
    return true;
  }

  /** The supervisor takes a stopped engine for dead and starts another; then the first wakes up. */
  #makeZombie(): boolean {
    const { random } = this.#parts.world;
    const { role } = this.#exchange.engine;
    const { process: zombie } = role;
    if (!zombie.isAlive) return false;
    const { world } = this.#parts;
    zombie.stoppedUntilMs = world.nowMs + random.fraction() * ZOMBIE_STOPPED_MS_MAX;
    this.#zombies.push(zombie);
    world.schedule(random.fraction() * ZOMBIE_LIVES_MS_MAX, null, 'zombie ends', () =>
      zombie.kill(),
    );
    role.start();
    return true;
  }

  #stopOne(): boolean {
    const { world } = this.#parts;
    const role = world.random.pick(this.#exchange.all);
    if (role?.process.isAlive !== true) return false;
    role.process.stoppedUntilMs = world.nowMs + world.random.fraction() * STOPPED_MS_MAX;
    return true;
  }

  #cutLink(): boolean {
    const { network, world } = this.#parts;
    const role = world.random.pick(this.#exchange.all);
    const server = world.random.pick(SERVERS);
    const direction = world.random.chance(0.5) ? '>' : '<';
    if (role === undefined) return false;
    network.cut(role.name, direction, server, world.random.fraction() * CUT_MS_MAX);
    return true;
  }

  #skewClock(): boolean {
    const { database, world } = this.#parts;
    const skewMs = Math.floor((world.random.fraction() * 2 - 1) * CLOCK_JUMP_MS_MAX);
    const role = world.random.pick(this.#exchange.all);
    if (role === undefined || world.random.chance(0.3)) database.clockSkewMs = skewMs;
    else role.skewClock(skewMs);
    return true;
  }

  #rebalance(): boolean {
    const group = this.#parts.world.random.pick(this.#parts.log.groupNames());
    if (group !== undefined) this.#parts.log.rebalance(group, true);
    return group !== undefined;
  }

  /** Consumers get what they had already done, from an older offset on. */
  #loseCommits(): boolean {
    const { log, world } = this.#parts;
    const group = world.random.pick(log.groupNames());
    if (group === undefined || !log.loseCommits(group)) return false;
    log.rebalance(group, true);
    return true;
  }

  #changeStatus(): boolean {
    const { world } = this.#parts;
    const { operator } = this.#exchange;
    const market = world.random.pick(MARKETS)?.description.market;
    if (market === undefined || !operator.isDone()) return false;
    operator.setStatus(market, world.random.pick(STATUSES));
    world.schedule(world.random.fraction() * STATUS_MS_MAX, null, 'market resumes', () =>
      operator.setStatus(market, 'trading'),
    );
    return true;
  }
}

function crash(role: Role | undefined): boolean {
  if (role?.process.isAlive !== true) return false;
  role.crash();
  return true;
}

function flip(content: Buffer, at: number): Buffer {
  content[at] = (content[at] ?? 0) ^ 0x10;
  return content;
}

function tear(content: Buffer, at: number): Buffer {
  return content.subarray(0, at);
}
