package demo

import "github.com/sajin-sns/sajin/sdk/go/api"

type person struct {
	handle, name, bio, role string
	face                    int
	follows                 []string
	pack                    string // of coins to begin with
	buys                    int    // posts
}

// people are in the order in which they join: who is followed first.
var people = []person{
	{handle: "hana", name: "Hana Kim", bio: "Mountains before breakfast. Seoul.", role: "creator", face: 1},
	{handle: "jun", name: "Jun Park", bio: "Cities after dark.", role: "creator", face: 2, follows: []string{"hana"}},
	{handle: "bora", name: "보라", bio: "빛과 물, 그리고 정원.", role: "creator", face: 3, follows: []string{"hana", "jun"}},
	{handle: "minji", name: "Minji", bio: "I collect sunsets.", role: "fan with coins and a library", face: 4, follows: []string{"hana", "bora"}, pack: "popular", buys: 2},
	{handle: "theo", name: "Theo", bio: "", role: "fan with coins", face: 5, follows: []string{"hana", "jun", "bora"}, pack: "starter"},
	{handle: "noor", name: "Noor", bio: "Just looking.", role: "fan without coins", face: 6},
}

// authorOf deals the scenes out to the creators.
func authorOf(scene int) string { return people[scene%3].handle }

// termsOf makes some posts cost coins, and some be for subscribers.
func termsOf(scene int) (price int64, visibility api.NewPostVisibility) {
	switch scene % 5 {
	case 1:
		return 30, api.NewPostVisibilityPublic
	case 3:
		return 0, api.NewPostVisibilitySubscribers
	case 4:
		return 80, api.NewPostVisibilityPublic
	default:
		return 0, api.NewPostVisibilityPublic
	}
}
