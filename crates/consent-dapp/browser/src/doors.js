// The server's JSON doors below the link of this page.
import { Problem } from "./problems.js";

/** Posts to `{link}/{door}`; a refusal becomes a Problem with the server's own words. */
export async function post(link, door, body) {
  let response;
  try {
    response = await fetch(`${link}/${door}`, {
      method: "POST",
      credentials: "same-origin",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Problem("offline", "This page can't reach its server. Check your connection and try again. Nothing was lost.");
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  if (response.status === 429) {
    throw new Problem("too_many_requests", "Too many tries in a short time. Wait a minute and try again.");
  }
  throw new Problem(
    answer?.problem ?? "server_failed",
    answer?.message ?? "Something went wrong on our side, and we can't tell whether your answer has arrived. Reload this page in a minute: it says so.",
  );
}
