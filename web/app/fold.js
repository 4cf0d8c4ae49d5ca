// What a listener makes of a snapshot and the events after it: the mirror of realtime/fold.py.

const FINAL = {
  presence: [],
  contact: ["abandoned", "closed_hours", "completed", "lost_signal", "promised"],
  offer: ["accepted", "rejected", "rescinded", "timed_out"],
  callback: ["cancelled", "done", "failed", "merged", "settled"],
  note: ["read", "withdrawn"],
};

export const NOUNS = {
  presence: { shelf: "presences", key: "advisor", final: FINAL.presence },
  contact: { shelf: "contacts", key: "id", final: FINAL.contact },
  offer: { shelf: "offers", key: "id", final: FINAL.offer },
  callback: { shelf: "callbacks", key: "id", final: FINAL.callback },
  note: { shelf: "notes", key: "id", final: FINAL.note },
};

export class View {
  constructor(topics = [], data = {}) {
    this.topics = new Set(topics);
    this.sequences = new Map();
    for (const { shelf } of Object.values(NOUNS)) this[shelf] = new Map(Object.entries(data[shelf] ?? {}));
  }

  /** Take in a CloudEvent; those that are older than what is known of their thing change nothing. */
  apply(event) {
    for (const [name, noun] of Object.entries(NOUNS)) {
      if (name in event.data) this.put(noun, event.data[name], event.sequence);
    }
  }

  put(noun, thing, sequence) {
    const id = thing[noun.key];
    const known = `${noun.shelf}/${id}`;
    if (sequence <= (this.sequences.get(known) ?? "")) return;
    this.sequences.set(known, sequence);
    if (noun.final.includes(thing.state) || !this.belongs(thing)) this[noun.shelf].delete(id);
    else this[noun.shelf].set(id, thing);
  }

  belongs({ market, group, advisor, own_advisor: own }) {
    const scope = ["all", `market:${market}`, `desk:${group}`, `me:${advisor}`, `me:${own}`];
    return scope.some((topic) => this.topics.has(topic));
  }
}
