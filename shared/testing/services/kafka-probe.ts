// Whether a Kafka broker serves: it knows itself as a member of its cluster.
import { probe } from './probe.ts';

const METADATA = 3;
/** No client id; an empty list of topics asks for all of them. */
const QUESTION = Buffer.from([0, METADATA, 0, 0, 0, 0, 0, 7, 0xff, 0xff, 0, 0, 0, 0]);
/** Size, correlation id, then the count of brokers. */
const COUNT_AT = 8;

/** The port of a listener without TLS and SASL. */
export function isKafkaReady(port: number): Promise<boolean> {
  const size = Buffer.alloc(4);
  size.writeInt32BE(QUESTION.length);
  return probe(
    port,
    Buffer.concat([size, QUESTION]),
    (bytes) => bytes.length >= COUNT_AT + 4 && bytes.readInt32BE(COUNT_AT) > 0,
  );
}
