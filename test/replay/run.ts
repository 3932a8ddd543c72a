// One replay from its file to its summary, against a running exchange.
import { randomInt } from 'node:crypto';
import { BOOK_DEPTH, ExchangeApi } from './client/exchange-api.ts';
import { ExchangeClient } from './client/exchange-client.ts';
import type { FlowStep, MarketSteps } from './flow.ts';
import { fillModel, listKnownOrders, type KnownOrder } from './market/known-orders.ts';
import { waitUntilSettled } from './market/settle.ts';
import { fundTraders, requiredFunds, Traders } from './market/traders.ts';
import type { ReplayOptions } from './options.ts';
import { driveFlow } from './order/drive.ts';
import { ModelBook } from './order/model-book.ts';
import { OrderWindow } from './order/order-window.ts';
import { Sender } from './order/sender.ts';
import { openRecording, type OpenedRecording } from './recording/open-recording.ts';
import { compareFills } from './report/agreement.ts';
import { describeBook } from './report/final-book.ts';
import { Latencies } from './report/latencies.ts';
import { Progress, type ProgressStream } from './report/progress.ts';
import type { Summary } from './report/summary.ts';

/** Requests that are not commands may use a few connections more. */
const CONNECTIONS_SPARE = 4;
const OWN_CONNECTIONS_MAX = 4;
const RUN_ID_MAX = 36 ** 6;

/** A market as the replay sees it. */
interface Stage {
  readonly steps: MarketSteps;
  readonly model: ModelBook;
  readonly window: OrderWindow;
  readonly known: ReadonlyMap<string, KnownOrder>;
  readonly startSequence: number;
}

/** Throws OptionError, RowError, UnexpectedAnswerError or OutcomeUnknownError. */
export async function runReplay(options: ReplayOptions, screen: ProgressStream): Promise<Summary> {
  const client = new ExchangeClient(options.url, {
    connectionsMax: options['in-flight'] + CONNECTIONS_SPARE,
  });
  const own = new ExchangeClient(options['own-url'], { connectionsMax: OWN_CONNECTIONS_MAX });
  try {
    return await replay(options, screen, client, new ExchangeApi(client, own));
  } finally {
    await Promise.all([client.close(), own.close()]);
  }
}

async function replay(
  options: ReplayOptions,
  screen: ProgressStream,
  client: ExchangeClient,
  api: ExchangeApi,
): Promise<Summary> {
  const run = options.resume ?? randomInt(RUN_ID_MAX).toString(36);
  const opened = await openRecording(options, await api.listMarkets());
  const markets = new Map(opened.markets.map((steps) => [steps.market as string, steps]));
  const traders = new Traders(api, options.users);
  screen.write(`run ${run}: ${opened.recording.steps.length} commands from ${opened.source}\n`);
  const stages = await openStages(options, api, traders, opened, run);
  const latencies = new Latencies();
  const sender = new Sender({ api, traders, markets, run, latencies, ordered: !options.unordered });
  for (const { known } of stages.values()) {
    for (const order of known.values()) sender.adopt(order.name, order.orderId, order.trader);
  }
  const steps = opened.recording.steps.filter((step) => !isDone(step, stages));
  const required = requiredFunds(steps, markets, (name, side) => traders.ownerOf(name, side));
  await fundTraders(api, traders.all, required);
  const progress = new Progress(steps.length, screen);
  const startMs = performance.now();
  try {
    await driveFlow(steps, {
      inFlightMax: options['in-flight'],
      ratePerSecond: options.rate ?? null,
      holding: () => sender.holding,
      windowOf: (market) => stageOf(stages, market).window,
      send: (step, dueMs) => sender.send(step, dueMs),
      onStep: () => progress.step(),
    });
  } finally {
    progress.stop();
  }
  const elapsedMs = performance.now() - startMs;
  const settled = await waitUntilSettled(api, traders.all, [...stages.keys()]);
  return {
    run,
    source: opened.source,
    rows: opened.recording.rows,
    skipped: opened.recording.skipped,
    resumed: opened.recording.steps.length - steps.length,
    steps: sender.counts,
    client: client.counts,
    elapsedMs: Math.round(elapsedMs),
    stepsPerSecond: Math.round((sender.counts.sent * 1_000) / Math.max(1, elapsedMs)),
    latency: latencies.summary(),
    settled,
    ...(await readOutcome(options, api, traders, opened, run, stages, sender)),
  };
}

async function openStages(
  options: ReplayOptions,
  api: ExchangeApi,
  traders: Traders,
  opened: OpenedRecording,
  run: string,
): Promise<Map<string, Stage>> {
  const stages = new Map<string, Stage>();
  const resumes = options.resume !== undefined;
  if (resumes) await waitUntilSettled(api, traders.all, marketNames(opened));
  for (const steps of opened.markets) {
    const known = resumes
      ? await listKnownOrders(api, traders.all, steps, run)
      : new Map<string, KnownOrder>();
    const book = await api.getBook(steps.market);
    const model = new ModelBook();
    fillModel(model, steps, book, known.values());
    const window = new OrderWindow(model, !options.unordered);
    for (const order of known.values()) window.know(order.name, order.quantityLots);
    stages.set(steps.market, { steps, model, window, known, startSequence: book.sequence });
  }
  return stages;
}

/** True when an earlier part of the run has brought the exchange where the step would. */
function isDone(step: FlowStep, stages: ReadonlyMap<string, Stage>): boolean {
  const order = stageOf(stages, step.market).known.get(step.name);
  if (order === undefined) return false;
  if (step.kind === 'place' || order.ended) return true;
  return step.kind === 'reduce' && order.quantityLots <= step.quantityLots;
}

async function readOutcome(
  options: ReplayOptions,
  api: ExchangeApi,
  traders: Traders,
  opened: OpenedRecording,
  run: string,
  stages: ReadonlyMap<string, Stage>,
  sender: Sender,
): Promise<Pick<Summary, 'agreement' | 'books' | 'surprises' | 'trades'>> {
  const filledLots = new Map<string, number>();
  const books: Summary['books'][number][] = [];
  let surprises = 0;
  let trades = 0;
  for (const { steps, model, window, startSequence } of stages.values()) {
    const book = await api.getBook(steps.market);
    books.push(describeBook(steps, book, options.unordered ? null : model, BOOK_DEPTH));
    surprises += window.surprises;
    trades += await api.countTrades(steps.market, startSequence);
    if (!opened.hasFills) continue;
    for (const order of (await listKnownOrders(api, traders.all, steps, run)).values()) {
      filledLots.set(order.name, order.filledLots);
    }
  }
  const recorded = opened.recording.filledLots;
  const agreement = opened.hasFills ? compareFills(sender.orderNames, recorded, filledLots) : null;
  return { agreement, books, surprises, trades };
}

function marketNames(opened: OpenedRecording): string[] {
  return opened.markets.map((steps) => steps.market);
}

function stageOf(stages: ReadonlyMap<string, Stage>, market: string): Stage {
  const stage = stages.get(market);
  if (stage === undefined) throw new RangeError(`no market ${market}`);
  return stage;
}
