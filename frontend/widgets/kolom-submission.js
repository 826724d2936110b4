// @ts-check
/**
 * Sends a form: the form token, the proof of work, retries with an idempotency key, and what errors mean. Forms load this
 * module when somebody begins to write.
 *
 * @module
 */

import { ApiError } from "./kolom-element.js";
import { FIELD_LIMITS } from "./kolom-limits.js";

/**
 * @typedef {import("./kolom-form.js").Host} Host
 * @typedef {import("./kolom-form.js").Values} Values
 * @typedef {{key?: string, print?: string}} Attempt the idempotency key, and a fingerprint of the values that it is for
 * @typedef {{text: string, fields?: [string, string][], canRetry?: boolean, waitSeconds?: number}} Problem what to show
 *   after an error: a text, and the errors of fields
 * @typedef {object} Options
 * @property {boolean} [isGuarded] whether to send a form token
 * @property {(values: Values, headers: Record<string, string>) => Promise<any>} send
 * @property {(error: ApiError) => string | null} [explain] returns a specific message for an error
 */

const SLOWEST_WAIT_SECONDS = 86_400;

/** This browser cannot compute the proof of work. */
class ProofUnavailable extends Error {}

/**
 * Computes the proof of work in a worker.
 *
 * @param {unknown} challenge
 * @returns {Promise<string>}
 * @throws {ProofUnavailable}
 */
async function computeProof(challenge) {
  // `crypto.subtle` only exists in secure contexts.
  if (!globalThis.crypto?.subtle || !globalThis.Worker) throw new ProofUnavailable();
  const script = new URL("./kolom-proof.js", import.meta.url);
  // A worker's script must have the page's origin, but may import modules from others with CORS.
  const isForeign = script.origin !== location.origin;
  const address = isForeign
    ? URL.createObjectURL(new Blob([`import ${JSON.stringify(script.href)};`], { type: "text/javascript" }))
    : script.href;
  /** @type {Worker | undefined} */
  let worker;
  try {
    worker = new Worker(address, { type: "module" });
    const running = worker;
    return await new Promise((resolve, reject) => {
      running.onmessage = ({ data }) => (data.proof ? resolve(data.proof) : reject(new ProofUnavailable(data.error)));
      running.onerror = () => reject(new ProofUnavailable());
      running.postMessage(challenge);
    });
  } catch (error) {
    throw error instanceof ProofUnavailable ? error : new ProofUnavailable(String(error));
  } finally {
    worker?.terminate();
    if (isForeign) URL.revokeObjectURL(address);
  }
}

/** The permission to submit once: the form token, and the proof of work if there is a challenge. */
class SubmissionToken {
  #host;
  /** @type {Promise<{token: string, from: number, proof: Promise<string> | null}> | null} */
  #pending = null;

  /** @param {Host} host */
  constructor(host) {
    this.#host = host;
  }

  /** Requests the token, unless it exists or is being requested. */
  prepare() {
    this.#pending ??= this.#get().catch((error) => {
      this.#pending = null;
      throw error;
    });
    return this.#pending;
  }

  /** Discards the token after it was used or rejected. */
  discard() {
    this.#pending = null;
  }

  /**
   * @param {() => void} onWork called before the method waits for a proof of work
   * @returns {Promise<Record<string, string>>} the fields to send, after the minimum age of the token
   */
  async take(onWork) {
    const prepared = await this.prepare();
    /** @type {Record<string, string>} */
    const fields = { form_token: prepared.token };
    if (prepared.proof) {
      onWork();
      try {
        fields.altcha = await prepared.proof;
      } catch (error) {
        this.discard();
        throw error;
      }
    }
    const wait = prepared.from - performance.now();
    if (wait > 0) await new Promise((resolve) => { setTimeout(resolve, wait); });
    return fields;
  }

  async #get() {
    /** @type {{token: string, min_seconds: number, challenge: unknown}} */
    const answer = await this.#host.fetchJson("/api/form-token", { cache: "no-store" });
    const proof = answer.challenge ? computeProof(answer.challenge) : null;
    // `take` handles the proof's error. Until then, this prevents an unhandled rejection.
    proof?.catch(() => {});
    return { token: answer.token, from: performance.now() + answer.min_seconds * 1000, proof };
  }
}

/** Sends the values of a form until the API has answered. */
export class Submission {
  #host;
  #options;
  #token;

  /**
   * @param {Host} host
   * @param {Options} options
   */
  constructor(host, options) {
    this.#host = host;
    this.#options = options;
    this.#token = options.isGuarded ? new SubmissionToken(host) : null;
  }

  /** Requests the form token. If that fails, `send` requests it again. */
  prepare() {
    this.#token?.prepare().catch(() => {});
  }

  /**
   * Sends the values, and returns the response. What the API rejected for another reason than the values is replaced.
   *
   * @param {Values} values
   * @param {Attempt} attempt is changed
   * @param {() => void} save called after `attempt` was changed
   * @param {(text: string) => void} show shows a message
   */
  async send(values, attempt, save, show) {
    for (let tries = 1; ; tries += 1) {
      const fields = (await this.#token?.take(() => show(this.#host.text("form.proving")))) ?? {};
      const headers = { "Content-Type": "application/json", "Idempotency-Key": idempotencyKey(values, attempt, save) };
      show(this.#host.text("form.sending"));
      try {
        const answer = await this.#options.send({ ...values, ...fields }, headers);
        this.#token?.discard();
        return answer;
      } catch (error) {
        if (tries === 3 || !this.#discardRejected(error, attempt)) throw error;
      }
    }
  }

  /**
   * Discards the form token with its proof of work, or the idempotency key, if the API rejected it. Returns whether it
   * did: then the form must be sent again, without asking the user.
   *
   * @param {unknown} error
   * @param {Attempt} attempt
   */
  #discardRejected(error, attempt) {
    if (!(error instanceof ApiError)) return false;
    if (error.isAbout("form_token") || error.isAbout("altcha")) {
      this.#token?.discard();
      return true;
    }
    if (!error.isAbout("Idempotency-Key")) return false;
    delete attempt.key;
    return true;
  }

  /**
   * Returns what to show after an error of `send`.
   *
   * @param {unknown} error
   * @param {(name: string) => string | undefined} kindOf returns the kind of a field
   * @returns {Problem}
   */
  problem(error, kindOf) {
    const host = this.#host;
    if (error instanceof ProofUnavailable) return { text: host.text("form.unproved") };
    if (!(error instanceof ApiError)) return { text: host.text("form.unreachable"), canRetry: true };
    const meaning = this.#options.explain?.(error);
    if (meaning) return { text: meaning };
    if (error.status === 422) {
      const { errors = [] } = error.problem;
      const text = `${host.text("form.refused")} ${errors[0]?.message ?? ""}`;
      return { text, fields: errors.map(({ field }) => [field, this.#fieldError(kindOf(field))]) };
    }
    if (error.status === 413) return { text: host.text("form.problem.413", { limit: host.number(FIELD_LIMITS.content) }) };
    if (error.status !== 429 || !error.retryAfterSeconds) return { text: host.text("form.busy"), canRetry: true };
    const time = this.#duration(error.retryAfterSeconds);
    const waitSeconds = Math.min(error.retryAfterSeconds, SLOWEST_WAIT_SECONDS);
    return { text: host.text("form.wait", { time }), canRetry: true, waitSeconds };
  }

  /** @param {string | undefined} kind */
  #fieldError(kind) {
    if (kind === "email") return this.#host.text("form.error.email");
    return this.#host.text(kind === "url" ? "form.error.website" : "form.refused");
  }

  /** @param {number} seconds */
  #duration(seconds) {
    const minutes = Math.ceil(seconds / 60);
    const [value, unit] = minutes > 90 ? [Math.ceil(minutes / 60), "hour"] : seconds > 90 ? [minutes, "minute"] : [seconds, "second"];
    const format = new Intl.NumberFormat(this.#host.intlLocale, { style: "unit", unit: String(unit), unitDisplay: "long" });
    return format.format(Number(value));
  }
}

/**
 * Returns the idempotency key of these values, which is the same for every retry. Other values have another key.
 *
 * @param {Values} values
 * @param {Attempt} attempt
 * @param {() => void} save
 */
function idempotencyKey(values, attempt, save) {
  // 32-bit FNV-1a of the values.
  let hash = 0x811c9dc5;
  for (const character of JSON.stringify(values)) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  const fingerprint = String(hash);
  if (attempt.key && attempt.print === fingerprint) return attempt.key;
  const random = crypto.getRandomValues(new Uint8Array(16));
  const key = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  Object.assign(attempt, { key, print: fingerprint });
  save();
  return key;
}
