package natsbus

// Cut ends the connection for good, as the end of a process does: nothing that
// consumers still answer reaches the broker.
func Cut(b *Bus) { b.conn.Close() }
