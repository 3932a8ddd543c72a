// The metrics of a hosted function.
import type {
  Counter,
  Gauge,
  Histogram,
  MetricsRegistry,
} from '../../telemetry/metrics/registry.ts';

interface RouteSeries {
  readonly requests: Counter;
  readonly seconds: Histogram;
}

export interface Instruments {
  readonly inFlight: Gauge;
  /** Notes an answer: `route` is the pattern, never the path, or there would be endless series. */
  record(method: string, route: string, status: number, seconds: number): void;
  recordEvent(type: string, outcome: 'done' | 'refused' | 'retry', seconds: number): void;
}

export function createInstruments(metrics: MetricsRegistry): Instruments {
  const requests = metrics.counter('bourse_requests_total', 'Requests answered.', [
    'method',
    'route',
    'status',
  ]);
  const seconds = metrics.histogram('bourse_request_seconds', 'Time to answer a request.', [
    'method',
    'route',
  ]);
  const events = metrics.counter('bourse_events_total', 'Events taken in.', ['type', 'outcome']);
  const eventSeconds = metrics.histogram('bourse_event_seconds', 'Time to take in an event.', [
    'type',
  ]);
  const known = new Map<string, RouteSeries>();
  return {
    inFlight: metrics.gauge('bourse_requests_in_flight', 'Requests being worked on.').with(),
    record: (method, route, status, took) => {
      const key = `${method} ${route} ${status}`;
      let series = known.get(key);
      if (series === undefined) {
        series = {
          requests: requests.with(method, route, String(status)),
          seconds: seconds.with(method, route),
        };
        known.set(key, series);
      }
      series.requests.add();
      series.seconds.observe(took);
    },
    recordEvent: (type, outcome, took) => {
      events.with(type, outcome).add();
      eventSeconds.with(type).observe(took);
    },
  };
}
