// Requests to our own API. The sign-in is a cookie that scripts can't read.

export class Problem extends Error {
  constructor(status, word) {
    super(word);
    this.status = status;
    this.word = word;
  }
}

/** The body of the answer. Throws `Problem`; status 0: no answer at all. */
export async function ask(method, path, body) {
  const options = { method, headers: { accept: "application/json" }, credentials: "same-origin" };
  if (body !== undefined) {
    options.headers["content-type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Problem(0, "no-connection");
  }
  const content = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw new Problem(answer.status, content?.type?.split("/").pop() ?? "unknown");
  return content;
}

export const signIn = (email, password) => ask("POST", "/v1/sessions", { email, password });
export const signOut = () => ask("DELETE", "/v1/sessions/current");
export const whoAmI = () => ask("GET", "/v1/sessions/current");
export const directory = () => ask("GET", "/v1/directory");
export const ticket = () => ask("POST", "/v1/stream/tickets");
export const figures = (since) => ask("GET", `/v1/figures?since=${encodeURIComponent(since.toISOString())}`);
