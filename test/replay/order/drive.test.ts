// Sending a flow: bounds, failures, lanes.
import { describe, expect, it } from 'vitest';
import type { FlowStep } from '../flow.ts';
import { driveFlow } from './drive.ts';
import { ModelBook } from './model-book.ts';
import { OrderWindow, type StepOutcome } from './order-window.ts';

const ACCEPTED: StepOutcome = { accepted: true, repeated: false };

function place(name: string, priceTicks: number, market = 'BTC-USD'): FlowStep {
  const terms = { side: 'buy', priceTicks, quantityLots: 1, timeInForce: 'GTC' } as const;
  return { kind: 'place', market: market as 'BTC-USD', name, ...terms };
}

function windows(): (market: string) => OrderWindow {
  const made = new Map<string, OrderWindow>();
  return (market) => {
    const window = made.get(market) ?? new OrderWindow(new ModelBook(), true);
    made.set(market, window);
    return window;
  };
}

/** Sends the steps; answers come one turn of the event loop later. */
async function drive(
  steps: readonly FlowStep[],
  inFlightMax: number,
  fails: (step: FlowStep) => boolean = () => false,
): Promise<{ sent: string[]; together: number; told: number }> {
  const sent: string[] = [];
  let inFlight = 0;
  let together = 0;
  let told = 0;
  const send = async (step: FlowStep): Promise<StepOutcome> => {
    sent.push(step.name);
    inFlight += 1;
    together = Math.max(together, inFlight);
    await new Promise(setImmediate);
    inFlight -= 1;
    if (fails(step)) throw new Error(`lost ${step.name}`);
    return ACCEPTED;
  };
  const onStep = (): void => {
    told += 1;
  };
  const options = { inFlightMax, ratePerSecond: null, windowOf: windows(), send, onStep };
  await driveFlow(steps, options);
  return { sent, together, told };
}

const TEN = Array.from({ length: 10 }, (_, at) => place(`o${at}`, at + 1));

describe('driving a flow', () => {
  it('stops at a failure, after what was in flight', async () => {
    const sent: string[] = [];
    const failing = drive(TEN, 2, (step) => {
      sent.push(step.name);
      return step.name === 'o3';
    });
    await expect(failing).rejects.toThrow('lost o3');
    expect(sent).not.toContain('o9');
  });

  it('ends at once when there is nothing to send', async () => {
    expect(await drive([], 4)).toEqual({ sent: [], together: 0, told: 0 });
  });

  it('keeps the order of the file and the bound on what is in flight', async () => {
    const { sent, together, told } = await drive(TEN, 4);
    expect(sent).toEqual(TEN.map((step) => step.name));
    expect([together, told]).toEqual([4, 10]);
  });

  it('sends strictly one after another with one in flight', async () => {
    expect((await drive(TEN, 1)).together).toBe(1);
  });

  it('shares the bound among markets, none of which waits for another', async () => {
    const queue = ['a', 'b', 'c'].flatMap((name) => [
      place(`${name}1`, 5, 'BTC-USD'),
      place(`${name}2`, 5, 'ETH-USD'),
    ]);
    const { sent, together } = await drive(queue, 8);
    expect(together).toBe(2);
    expect([...sent].sort()).toEqual(queue.map((step) => step.name).sort());
  });

  it('sends nothing while it is held', async () => {
    let release: () => void = () => undefined;
    const held = { until: null as Promise<void> | null };
    const sent: string[] = [];
    const driving = driveFlow(TEN, {
      inFlightMax: 1,
      ratePerSecond: null,
      holding: () => held.until,
      windowOf: windows(),
      send: async (step) => {
        sent.push(step.name);
        if (step.name === 'o4') {
          held.until = new Promise((resolve) => {
            release = resolve;
          });
        }
        await new Promise(setImmediate);
        return ACCEPTED;
      },
      onStep: () => undefined,
    });
    for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
    expect(sent.at(-1)).toBe('o4');
    held.until = null;
    release();
    await driving;
    expect(sent).toHaveLength(10);
  });

  it('tells when each step was due at the rate that was asked for', async () => {
    const due: number[] = [];
    await driveFlow(TEN.slice(0, 4), {
      inFlightMax: 1,
      ratePerSecond: 1_000,
      windowOf: windows(),
      send: (_step, dueMs) => {
        due.push(dueMs);
        return Promise.resolve(ACCEPTED);
      },
      onStep: () => undefined,
    });
    const apart = due.slice(1).map((dueMs, at) => Math.round(dueMs - (due[at] ?? 0)));
    expect(apart).toEqual([1, 1, 1]);
  });
});
