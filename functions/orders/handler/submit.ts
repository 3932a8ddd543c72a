// Hands a single wish in, and lets who waits hear of the outcome from before it is accepted.
import { assert } from '../../../shared/domain/failure.ts';
import { isRejection } from '../../../shared/domain/rejection.ts';
import type { Intent } from '../decide/intent.ts';
import type { OrdersDeps } from './deps.ts';
import { single, type Answer } from './request.ts';

export async function submitOne(
  deps: Pick<OrdersDeps, 'accepts'>,
  intent: Intent,
  waits: boolean,
): Promise<Answer> {
  const answers = await deps.accepts.submit(single(intent, waits));
  if (isRejection(answers)) return answers;
  const [answer] = answers;
  assert(answer !== undefined, 'one wish has one answer');
  return answer;
}

/** Runs `work`, listening to the engine all the while when somebody waits. */
export async function whileListening<Result>(
  deps: Pick<OrdersDeps, 'outcomes'>,
  waitMs: number | null,
  work: () => Promise<Result>,
): Promise<Result> {
  if (waitMs === null) return work();
  await deps.outcomes.listen();
  try {
    return await work();
  } finally {
    deps.outcomes.leave();
  }
}
