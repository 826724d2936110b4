// @ts-check
/**
 * A worker that solves ALTCHA challenges (version 2, PBKDF2): https://altcha.org/docs/v2/
 *
 *     const worker = new Worker("/assets/widgets/kolom-proof.js");
 *     worker.onmessage = ({ data }) => (form.altcha.value = data.proof); // or {error}
 *     worker.postMessage(challenge); // from GET /api/form-token
 *
 * It searches for the number whose derived key begins with the required prefix. Like crypto.subtle, it needs a secure
 * context.
 */

"use strict";

/**
 * @typedef {{algorithm: string, nonce: string, salt: string, cost: number, keyLength: number, keyPrefix: string}} ChallengeParameters
 * @typedef {{parameters: ChallengeParameters}} Challenge
 */

/** @param {string} text hexadecimal */
function bytes(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** @param {ArrayBuffer} buffer */
function hexadecimal(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {ChallengeParameters} parameters
 * @param {number} counter
 */
async function deriveKey(parameters, counter) {
  const nonce = bytes(parameters.nonce);
  const password = new Uint8Array(nonce.length + 4);
  password.set(nonce);
  new DataView(password.buffer).setUint32(nonce.length, counter);
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const hash = parameters.algorithm.replace("PBKDF2/", "");
  const salt = bytes(parameters.salt);
  const options = { name: "PBKDF2", hash, salt, iterations: parameters.cost };
  return hexadecimal(await crypto.subtle.deriveBits(options, key, parameters.keyLength * 8));
}

/**
 * @param {Challenge} challenge
 * @returns {Promise<string>} the value of the form's field `altcha`
 */
async function solve(challenge) {
  const { parameters } = challenge;
  if (!parameters.algorithm.startsWith("PBKDF2/")) throw new Error(`unknown algorithm ${parameters.algorithm}`);
  const started = performance.now();
  for (let counter = 0; counter <= 0xffffffff; counter += 1) {
    const derivedKey = await deriveKey(parameters, counter);
    if (derivedKey.startsWith(parameters.keyPrefix)) {
      const solution = { counter, derivedKey, time: Math.round(performance.now() - started) };
      return btoa(JSON.stringify({ challenge, solution }));
    }
  }
  throw new Error("there is no solution");
}

self.onmessage = async ({ data }) => {
  try {
    self.postMessage({ proof: await solve(data) });
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
