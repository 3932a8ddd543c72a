// Draws the faults from the seed, round after round: each round holds every kind at least once, in
// a new order with new targets, so that a run of one whole round covers everything.
import { createHash } from 'node:crypto';
import { CRASH_POINTS, MOVE_CRASH_POINTS } from '../../../shared/config/crash-point.ts';
import type { CrashPoint, MoveCrashPoint } from '../../../shared/config/crash-point.ts';
import type { BesideName } from '../cluster/beside.ts';
import { PROCESSES, type ChildName, type ProcessName } from '../cluster/processes.ts';
import { Draw } from '../draw.ts';
import { linksOf } from '../proxy/links.ts';
import { TOXIC_KINDS, type Toxic, type ToxicKind } from '../proxy/toxics.ts';
import { labelOf, type Fault, type Step } from './fault.ts';

/** What faults can be drawn for. */
export interface Topology {
  /** The servers beside Postgres. */
  readonly beside: readonly BesideName[];
  /** Markets move where there are two. */
  readonly shards: number;
}

const ALONE: Topology = { beside: [], shards: 1 };

/** How often each kind comes in a round, and how long things last. */
export interface Profile {
  /** Kills of each single process. */
  readonly killsEach: number;
  readonly killsSome: number;
  readonly killsEverything: number;
  readonly pauses: number;
  readonly pauseMsMax: number;
  readonly faultMsMax: number;
  readonly gapMsMax: number;
  readonly crashPoints: boolean;
}

/** Three rounds fit into half an hour of a machine with two cores. */
export const LONG_PROFILE: Profile = {
  killsEach: 2,
  killsSome: 4,
  killsEverything: 4,
  pauses: 3,
  pauseMsMax: 12_000,
  faultMsMax: 5_000,
  gapMsMax: 500,
  crashPoints: true,
};

/** For CI: one round within a few minutes. */
export const SHORT_PROFILE: Profile = {
  killsEach: 1,
  killsSome: 1,
  killsEverything: 2,
  pauses: 1,
  pauseMsMax: 4_000,
  faultMsMax: 1_500,
  gapMsMax: 200,
  crashPoints: true,
};

/** Rounds that the printed hash speaks for: more than the longest run plays. */
const HASHED_ROUNDS = 20;
const DOWN_MS_MAX = 2_000;
const SKEW_SECONDS = [-300, 300];
const HIT_MAX = 4;
/** Those of the clients (workload/order-mix.ts). */
const MARKETS = ['BTC-USD', 'ETH-USD', 'ETH-BTC', 'SOL-USD'] as const;
/** The command needs about as long to start and to move a market. */
const MOVE_KILL_MS_MAX = 5_000;
const SKEWED: readonly ChildName[] = ['engine-daemon', 'orders', 'settlement', 'market-data'];

export class Schedule {
  readonly #draw: Draw;
  readonly #profile: Profile;

  readonly #topology: Topology;

  constructor(seed: number, profile: Profile, topology: Topology = ALONE) {
    this.#draw = new Draw(seed);
    this.#profile = profile;
    this.#topology = topology;
  }

  /** The next round; the same seed and profile give the same rounds. */
  nextRound(): Step[] {
    const draw = this.#draw;
    const faults = draw.shuffle(this.#faults());
    return faults.map((fault) => ({
      fault,
      awaitsRecovery: draw.chance(0.7),
      gapMs: draw.whole(0, this.#profile.gapMsMax),
    }));
  }

  #faults(): Fault[] {
    const draw = this.#draw;
    const { killsEach, killsSome, killsEverything, pauses, pauseMsMax, faultMsMax } = this.#profile;
    const times = (count: number, make: () => Fault): Fault[] =>
      Array.from({ length: count }, make);
    return [
      ...PROCESSES.flatMap((target) => times(killsEach, () => kill([target]))),
      ...times(killsSome, () => kill(draw.some(PROCESSES, draw.whole(2, PROCESSES.length - 1)))),
      ...times(killsEverything, () => ({
        kind: 'kill-everything',
        downMs: draw.whole(0, DOWN_MS_MAX),
      })),
      ...times(pauses, () => ({
        kind: 'pause',
        target: draw.pick(PROCESSES),
        forMs: draw.whole(100, pauseMsMax),
      })),
      // A zombie engine is what fencing is for: never left to chance.
      { kind: 'pause', target: 'engine-daemon', forMs: draw.whole(1_000, pauseMsMax) },
      ...(['SIGKILL', 'SIGQUIT'] as const).map((how): Fault => {
        return { kind: 'postgres-crash', how, downMs: draw.whole(0, DOWN_MS_MAX) };
      }),
      ...this.#topology.beside.flatMap((name) =>
        (name === 'redis' ? (['kill', 'flush'] as const) : (['kill'] as const)).map(
          (how): Fault => {
            return { kind: 'beside', name, how, downMs: draw.whole(0, DOWN_MS_MAX) };
          },
        ),
      ),
      ...[...linksOf(this.#topology.beside).values()].flatMap((links) =>
        TOXIC_KINDS.map((kind): Fault => {
          return {
            kind: 'network',
            link: draw.pick(links),
            direction: draw.pick(['up', 'down']),
            toxic: drawToxic(draw, kind),
            forMs: draw.whole(300, faultMsMax),
          };
        }),
      ),
      {
        kind: 'clock-skew',
        target: draw.pick(SKEWED),
        skewSeconds: draw.pick(SKEW_SECONDS),
        forMs: draw.whole(1_000, faultMsMax),
      },
      ...[false, true].map((stallsFirst): Fault => {
        return { kind: 'twin-engine', stallsFirst, forMs: draw.whole(500, faultMsMax) };
      }),
      { kind: 'disk-full', forMs: draw.whole(500, faultMsMax), killsEngine: draw.chance(0.5) },
      { kind: 'snapshot-damage', how: 'flip', place: draw.share() },
      { kind: 'snapshot-damage', how: 'cut', place: draw.share() },
      ...(this.#topology.shards > 1 ? marketMoves(draw) : []),
      ...(this.#profile.crashPoints ? crashPoints(draw) : []),
    ];
  }
}

function kill(targets: readonly ProcessName[]): Fault {
  return { kind: 'kill', targets };
}

function marketMoves(draw: Draw): Fault[] {
  const move = (killedAt: MoveCrashPoint | null, killsEngineAfterMs: number | null): Fault => {
    return { kind: 'market-move', market: draw.pick(MARKETS), killedAt, killsEngineAfterMs };
  };
  const ofCommand = Object.entries(MOVE_CRASH_POINTS).flatMap(([point, targets]) =>
    targets.some((target) => target === 'markets') ? [point as MoveCrashPoint] : [],
  );
  return [
    move(null, null),
    move(draw.pick(ofCommand), null),
    move(null, draw.whole(500, MOVE_KILL_MS_MAX)),
  ];
}

function crashPoints(draw: Draw): Fault[] {
  return Object.entries(CRASH_POINTS).flatMap(([point, targets]) =>
    targets.map((target): Fault => {
      const hit = isPassedOften(point as CrashPoint) ? draw.whole(1, HIT_MAX) : 1;
      return { kind: 'crash-point', point: point as CrashPoint, target, hit };
    }),
  );
}

/** The others are passed at a start, or every few seconds. */
function isPassedOften(point: CrashPoint): boolean {
  return !/^(engine\.(lease|replay|tick|snapshot)|file|outbox\.sweep|source\.commit)/.test(point);
}

function drawToxic(draw: Draw, kind: ToxicKind): Toxic {
  switch (kind) {
    case 'latency':
      return { kind, ms: draw.whole(5, 200), jitterMs: draw.whole(5, 200) };
    case 'black_hole':
      return { kind, heals: draw.chance(0.5) };
    case 'reset_peer':
      return { kind, afterMs: draw.whole(0, 300) };
    case 'slicer':
      return { kind, bytes: draw.whole(1, 64), delayMs: draw.whole(0, 2) };
    case 'limit_data':
      return { kind, bytes: draw.whole(1, 5_000) };
    case 'bandwidth':
      return { kind, bytesPerSecond: draw.whole(5_000, 100_000) };
    case 'slow_close':
      return { kind, delayMs: draw.whole(100, 3_000) };
    case 'down':
    case 'half_open':
      return { kind };
  }
}

/** Every name that a run of this profile must count at least once. */
export function expectedLabels(profile: Profile, topology: Topology = ALONE): Set<string> {
  const schedule = new Schedule(1, profile, topology);
  return new Set(schedule.nextRound().map((step) => labelOf(step.fault)));
}

/** Names a schedule: equal for equal seeds and profiles, on any machine. */
export function scheduleHash(seed: number, profile: Profile, topology: Topology = ALONE): string {
  const schedule = new Schedule(seed, profile, topology);
  const rounds = Array.from({ length: HASHED_ROUNDS }, () => schedule.nextRound());
  return createHash('sha256').update(JSON.stringify(rounds)).digest('hex').slice(0, 16);
}
