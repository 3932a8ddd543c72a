// Sends one dead letter to the function that could not take it, as its KafkaSource sent it. Not to
// its topic: every other consumer of that topic would get it again as well.
import { request } from 'undici';
import { binaryHeaders } from '../events/http-binary.ts';
import type { DeadLetter } from './letter.ts';

/** One attempt: whoever runs the tool sees the answer, and runs it again. */
const SEND_TIMEOUT_MS = 30_000;
const ANSWER_CHARACTERS_MAX = 300;

export interface Sent {
  readonly delivered: boolean;
  /** Null when no answer came. */
  readonly status: number | null;
  readonly detail: string;
}

export async function sendLetter(
  letter: DeadLetter,
  destination: URL,
  addresses: ReadonlyMap<string, URL>,
): Promise<Sent> {
  const address = addresses.get(letter.consumer);
  const target = new URL(`${destination.pathname}${destination.search}`, address ?? destination);
  try {
    const answer = await request(target, {
      method: 'POST',
      headers: {
        host: destination.host,
        prefer: 'reply',
        'kn-namespace': destination.host.split('.')[1] ?? '',
        ...binaryHeaders(letter.event),
      },
      body: letter.body,
      signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
    });
    const text = (await answer.body.text()).slice(0, ANSWER_CHARACTERS_MAX);
    const delivered = answer.statusCode >= 200 && answer.statusCode < 300;
    return { delivered, status: answer.statusCode, detail: `${answer.statusCode} ${text}`.trim() };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { delivered: false, status: null, detail: `no answer from ${target.host}: ${reason}` };
  }
}
