// Plays a vector to an engine and says what the engine made of it, in the shape of what it should.
import type { Market } from '../oracle/naive-types.ts';
import type { Subject, SubjectOutput } from '../oracle/twin.ts';
import type { Command, WholeVector } from './expand-vector.ts';

export interface Outcome {
  readonly givenKinds: readonly string[];
  readonly steps: readonly {
    readonly events: readonly unknown[];
    readonly depth: SubjectOutput['depth'] | null;
  }[];
  readonly book: WholeVector['book'];
}

/** What the vector asks for. */
export function expectedOf(vector: WholeVector): Outcome {
  const { givenKinds, book } = vector;
  return { givenKinds, steps: vector.steps.map(({ events, depth }) => ({ events, depth })), book };
}

/** What the engine did; null for depth and book where the vector says nothing of them. */
export function playVector(subject: Subject, vector: WholeVector): Outcome {
  const { market, given } = vector;
  const givenKinds = given
    .flatMap((command) => apply(subject, market, command).events)
    .map((event) => (event as { readonly kind: string }).kind);
  const steps = vector.steps.map(({ command, depth }) => {
    const output = apply(subject, market, command);
    return { events: output.events, depth: depth === null ? null : output.depth };
  });
  return { givenKinds, steps, book: vector.book === null ? null : bookOf(subject, market) };
}

function apply(subject: Subject, market: Market, command: Command): SubjectOutput {
  if (command.kind !== 'tick') return subject.apply(market, command);
  return subject.tick(command.timeMs).get(market) ?? { events: [], depth: [] };
}

/** Read from the lines of the state hash: the one picture of a whole book that is specified. */
function bookOf(subject: Subject, market: Market): Outcome['book'] {
  const lines = subject.stateText(market).split('\n');
  const resting = lines.filter((line) => /^\d/.test(line)).map((line) => line.split(' '));
  const sideOf = (letter: string): NonNullable<Outcome['book']>['buys'] =>
    resting
      .filter((words) => words[2] === letter)
      .map(([number, , , priceTicks, , remaining]) => ({
        orderId: Number(number),
        priceTicks: Number(priceTicks),
        remainingLots: Number(remaining),
      }));
  const waiting = lines.filter((line) => line.startsWith('waiting '));
  return {
    buys: sideOf('b'),
    sells: sideOf('s'),
    waiting: waiting.map((line) => Number(line.split(' ')[1])),
  };
}
